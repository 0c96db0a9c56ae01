#!/usr/bin/env python3
"""Write one generated mailing list twice: as an mbox and as a Maildir.

The same seed gives the same bytes. Nothing in it is real: words are made of syllables, people live at example
domains. What is meant to be real is the shape: sizes are log-normal, threads have 1 to 40 messages, replies quote
what they answer, some mail is HTML, quoted-printable, base64 or carries attachments, headers are as long as lists
make them, and dates cover eight years, the newest of them a year before `--end`.
"""

import argparse
import base64
import datetime
import itertools
import json
import math
import pathlib
import quopri
import random

ONSETS = "b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sc sh sk sl sp st str t th tr v w z".split()
VOWELS = "a e i o u ai ea ee io oo ou".split()
CODAS = "- - - - - - - - - - - - - - - - b ck d g l ll m n nd ng nt p r rd rk rt s ss st t x".split()
LETTERS = "é ö ü ñ ç ř ł å".split()
COMMON = (
    "the of to and a in is it you that for on are with as be this have from or by we not what all were when can an "
    "your which if do will each about how up out them then she many some so these would other into has more her two "
    "server client request response header buffer length pointer index thread lock query path file user session token "
    "version release patch commit branch test build error warning crash report issue proof exploit attacker input"
).split()
TYPES = ["image/png", "application/pdf", "application/zip", "application/octet-stream"]


class Words:
    """Running text whose words follow Zipf's law, with the odd identifier that occurs once."""

    def __init__(self, rng, size=60_000):
        self.rng = rng
        seen = dict.fromkeys(COMMON)
        while len(seen) < size:
            n = rng.choices((1, 2, 3, 4), (1, 6, 5, 1))[0]
            word = "".join(
                rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS).strip("-") for _ in range(n)
            )
            if rng.random() < 0.02:
                word += rng.choice(LETTERS)
            seen[word] = None
        # The more common a word the shorter it is, roughly.
        words = list(seen)[: len(COMMON)] + sorted(
            list(seen)[len(COMMON) :], key=lambda w: len(w) + rng.uniform(0, 6)
        )
        weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(size)))
        # Sentences are made once and put together anew for every message: a hundred million draws take too long.
        self.sentences = []
        for _ in range(60_000):
            draw = rng.choices(words, cum_weights=weights, k=rng.randint(5, 22))
            text = " ".join(draw)
            self.sentences.append(text[0].upper() + text[1:] + rng.choice("....,?!:"))
        self.words = words

    def odd(self):
        """A token hardly any other message has."""
        rng = self.rng
        kind = rng.randrange(4)
        if kind == 0:
            return f"{rng.getrandbits(64):016x}"
        if kind == 1:
            return f"{rng.choice(self.words)}_{rng.choice(self.words)}({rng.randrange(4096)})"
        if kind == 2:
            return f"{rng.randrange(12)}.{rng.randrange(40)}.{rng.randrange(100)}"
        return f"https://{rng.choice(self.words)}.example/{rng.choice(self.words)}/{rng.getrandbits(32):08x}"

    def text(self, size):
        """Paragraphs of about that many bytes."""
        rng, out, have = self.rng, [], 0
        while have < size:
            parts = rng.choices(self.sentences, k=rng.randint(2, 7))
            if rng.random() < 0.5:
                parts.insert(rng.randrange(len(parts)), self.odd())
            if rng.random() < 0.12:
                block = "\n".join(f"    {self.odd()} {self.odd()}" for _ in range(rng.randint(2, 12)))
            else:
                line = " ".join(parts).split(" ")
                block = "\n".join(" ".join(line[i : i + 12]) for i in range(0, len(line), 12))
            out.append(block)
            have += len(block) + 2
        return "\n\n".join(out)

    def name(self):
        return f"{self.rng.choice(self.words).title()} {self.rng.choice(self.words).title()}"


def encoded(text, how):
    data = text.encode()
    if how == "quoted-printable":
        return quopri.encodestring(data).decode("ascii")
    if how == "base64":
        return base64.encodebytes(data).decode("ascii")
    return text


def part(text, kind, how):
    return f"Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: {how}\n\n{encoded(text, how)}"


def html(text):
    paras = "".join(f"<p style=\"margin:0 0 1em\">{p}</p>\n" for p in text.replace("&", "&amp;").replace("<", "&lt;").split("\n\n"))
    return f"<html><head><style>p {{ font-family: sans-serif }}</style></head><body>\n{paras}</body></html>"


class List:
    """A mailing list, message by message."""

    def __init__(self, seed, count, end):
        self.rng = random.Random(seed)
        self.words = Words(self.rng)
        self.count = count
        self.end = end - datetime.timedelta(days=365)
        self.start = self.end - datetime.timedelta(days=8 * 365)
        people = max(20, count // 60)
        self.people = [
            (self.words.name(), f"{self.rng.choice(self.words.words)}{i}@{self.rng.choice(('example.org', 'mail.example.com', 'uni.example.net'))}".encode("ascii", "ignore").decode())
            for i in range(people)
        ]
        self.activity = list(itertools.accumulate(1 / (i + 5) for i in range(people)))

    def messages(self):
        """(date, sender, bytes), threads interleaved as they arrived."""
        rng, plan, thread = self.rng, [], 0
        step = (self.end - self.start) / self.count
        while len(plan) < self.count:
            # Most threads are short; the tail reaches 40.
            size = min(40, max(1, int(rng.lognormvariate(0.9, 1.0))), self.count - len(plan))
            at = self.start + step * len(plan)
            for n in range(size):
                plan.append((at, thread, n))
                at += datetime.timedelta(minutes=min(20_000, 3 + rng.expovariate(1 / 400)))
            thread += 1
        plan.sort()
        threads = {}
        for number, (at, thread, n) in enumerate(plan):
            state = threads.setdefault(thread, {"ids": [], "texts": [], "subject": self.subject(), "left": 0})
            yield self.message(number, at, state)
            if len(state["texts"]) > 4:
                state["texts"][-5] = ""

    def subject(self):
        text = self.rng.choice(self.words.sentences)[: self.rng.randint(18, 70)].strip(" .,?!:")
        return f"[dev] {text}" if self.rng.random() < 0.5 else text

    def message(self, number, at, state):
        rng = self.rng
        name, email = rng.choices(self.people, cum_weights=self.activity)[0]
        ident = f"{rng.getrandbits(80):020x}.{number}@{email.split('@')[1]}"
        own = self.words.text(min(60_000, rng.lognormvariate(7.5, 0.8)))
        text, parents = own, state["ids"]
        if parents:
            pick = max(0, len(parents) - 1 - int(rng.expovariate(0.9)))
            parent = state["texts"][pick]
            quote = "\n".join(f"> {line}" for line in parent.splitlines()[: rng.randint(5, 70)])
            text = f"On {at:%a, %d %b %Y}, {rng.choice(self.people)[0]} wrote:\n\n{quote}\n\n{own}"
        text += f"\n\n-- \n{name}\n{email}\n"
        date = at.strftime("%a, %d %b %Y %H:%M:%S +0000")
        head = [
            "Return-Path: <dev-bounces@lists.example.org>",
            "Delivered-To: archive@lists.example.org",
            *(
                f"Received: from {h}.example.net ({h}.example.net [192.0.2.{rng.randrange(255)}])\n"
                f"\tby {h}.example.org (Postfix) with ESMTPS id {rng.getrandbits(48):012X}\n"
                f"\tfor <dev@lists.example.org>; {date}"
                for h in ("mx1", "mail", "relay")
            ),
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=k1;\n"
            f"\tbh={base64.b64encode(rng.randbytes(32)).decode()};\n"
            f"\tb={base64.b64encode(rng.randbytes(96)).decode()}",
            f"From: {self.word(name)} <{email}>",
            "To: dev@lists.example.org",
            f"Subject: {self.word(('Re: ' if parents else '') + state['subject'])}",
            f"Date: {date}",
            f"Message-ID: <{ident}>",
        ]
        if parents:
            head.append(f"In-Reply-To: <{parents[pick]}>")
            head.append("References: " + "\n\t".join(f"<{i}>" for i in [parents[0], *parents[1 : pick + 1]][-20:]))
        if rng.random() < 0.3:
            head.append("Cc: " + ", ".join(f"{n} <{e}>" for n, e in ((self.word(a), b) for a, b in rng.choices(self.people, k=rng.randint(1, 4)))))
        head += [
            "MIME-Version: 1.0",
            "X-Mailer: Generated/1.0",
            "List-Id: Developers of nothing <dev.lists.example.org>",
            "List-Post: <mailto:dev@lists.example.org>",
            "List-Unsubscribe: <https://lists.example.org/unsubscribe>,\n\t<mailto:dev-leave@lists.example.org>",
            "List-Archive: <https://lists.example.org/archives/dev/>",
            "Precedence: list",
        ]
        how = rng.choices(("8bit", "quoted-printable", "base64"), (65, 28, 7))[0]
        shape = rng.random()
        if shape < 0.68:
            body = part(text, "text/plain", how)
        elif shape < 0.90:
            body = self.multipart(
                "alternative", part(text, "text/plain", how), part(html(text), "text/html", "quoted-printable")
            )
        elif shape < 0.95:
            diff = "\n".join(rng.choice("+- ") + l for l in self.words.text(rng.lognormvariate(8, 0.7)).splitlines())
            body = self.multipart(
                "mixed",
                part(text, "text/plain", how),
                f"Content-Type: text/x-patch; charset=utf-8; name=\"{number}.patch\"\n"
                f"Content-Disposition: attachment; filename=\"{number}.patch\"\nContent-Transfer-Encoding: 8bit\n\n{diff}\n",
            )
        else:
            data = rng.randbytes(int(min(200_000, rng.lognormvariate(math.log(12_000), 0.9))))
            body = self.multipart(
                "mixed",
                part(text, "text/plain", how),
                f"Content-Type: {rng.choice(TYPES)}; name=\"file-{number}.bin\"\n"
                f"Content-Disposition: attachment; filename=\"file-{number}.bin\"\n"
                f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(data).decode()}",
            )
        state["ids"].append(ident)
        state["texts"].append(text)
        return at, email, ("\n".join(head) + "\n" + body).rstrip("\n").encode() + b"\n"

    def word(self, text):
        """A header's text, as an encoded word where it must be one."""
        if text.isascii():
            return text
        return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="

    def multipart(self, kind, *parts):
        boundary = f"=_{self.rng.getrandbits(64):016x}"
        inner = "".join(f"--{boundary}\n{p.rstrip(chr(10))}\n" for p in parts)
        return f"Content-Type: multipart/{kind}; boundary=\"{boundary}\"\n\n{inner}--{boundary}--\n"


def quoted(data):
    """Lines that would read as a separator get a `>` (the mboxrd rule)."""
    out = []
    for line in data.split(b"\n"):
        out.append(b">" + line if line.lstrip(b">").startswith(b"From ") else line)
    return b"\n".join(out)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("out", type=pathlib.Path, help="folder to make; `list.mbox`, `maildir/` and `about.json` go in it")
    args.add_argument("--messages", type=int, default=100_000)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--end", type=datetime.date.fromisoformat, default=datetime.date(2025, 1, 1))
    args = args.parse_args()
    for name in ("cur", "new", "tmp"):
        (args.out / "maildir" / name).mkdir(parents=True)
    end = datetime.datetime.combine(args.end, datetime.time(), datetime.timezone.utc)
    sizes = []
    with open(args.out / "list.mbox", "wb") as mbox:
        for number, (at, sender, data) in enumerate(List(args.seed, args.messages, end).messages()):
            mbox.write(b"From %s %s\n" % (sender.encode(), at.strftime("%a %b %e %H:%M:%S %Y").encode()))
            mbox.write(quoted(data) + b"\n")
            (args.out / "maildir" / "cur" / f"{int(at.timestamp())}.{number:06}.generated:2,S").write_bytes(data)
            sizes.append(len(data))
    sizes.sort()
    about = {
        "messages": len(sizes),
        "bytes": sum(sizes),
        **{f"size at {p} %": sizes[min(len(sizes) - 1, len(sizes) * p // 100)] for p in (5, 50, 95, 100)},
    }
    (args.out / "about.json").write_text(json.dumps(about, indent=1) + "\n")
    print(json.dumps(about))


if __name__ == "__main__":
    main()
