//! Reading a mailbox on several threads: one reads, some decode, and the caller gets the messages in the mailbox's
//! order, so that the desk is the same however many threads there were.

use std::sync::{
    Condvar, Mutex, PoisonError,
    mpsc::{self, Receiver, SyncSender},
};

use connect::mailbox::{LocalMailbox, MailboxError, ReadReport};
use desk::mail;
use jiff::Timestamp;
use store::NewMessage;

use super::error::{AppError, Result};

/// Messages handed from thread to thread together.
const CHUNK: usize = 64;
/// Bytes handed from thread to thread together; a larger message goes alone.
const CHUNK_BYTES: usize = 512 * 1024;
/// Bytes that were read and not yet taken by the caller. It bounds memory: a message larger than that waits until
/// it is the only one.
const IN_FLIGHT: usize = 16 * 1024 * 1024;
/// Most threads that decode. The desk has one writer, which is busy when three decode.
const DECODERS: usize = 3;

/// A message made ready, and why it may not be the whole of it (empty when it is).
pub struct Ready {
    /// It.
    pub message: NewMessage,
    /// `place: why` when only a part was read.
    pub note: String,
}

struct Raw {
    bytes: Vec<u8>,
    place: String,
    note: String,
}

/// A chunk on its way to a decoder, and where its messages are awaited.
type Work = (Vec<Raw>, SyncSender<Vec<Ready>>);

/// Read every message of a mailbox. `take` gets them in order, some at a time, on the calling thread.
///
/// # Errors
/// When reading fails, or `take` does; what was taken before stays taken.
pub fn each(
    mailbox: &LocalMailbox,
    now: Timestamp,
    take: &mut dyn FnMut(Vec<Ready>) -> Result<()>,
) -> Result<ReadReport> {
    let gate = Gate::default();
    let (work, jobs) = mpsc::channel::<Work>();
    let (slots, awaited) = mpsc::channel::<Receiver<Vec<Ready>>>();
    let jobs = Mutex::new(jobs);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|s| {
        let (gate, jobs) = (&gate, &jobs);
        for _ in 0..cores.clamp(1, DECODERS) {
            s.spawn(move || decode(jobs, now));
        }
        let reader = s.spawn(move || read(mailbox, gate, &work, &slots));
        let mut taken = Ok(());
        {
            // Closed on every way out of here, so that the reader never waits for room that will not come.
            let _open = Closer(gate);
            for slot in awaited {
                // A decoder ends early only by a panic, which the scope passes on.
                let Ok(ready) = slot.recv() else { break };
                gate.leave(ready.iter().map(|r| r.message.bytes()).sum());
                taken = take(ready);
                if taken.is_err() {
                    break;
                }
            }
        }
        let report = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        taken?;
        report.map_err(AppError::from)
    })
}

fn read(
    mailbox: &LocalMailbox,
    gate: &Gate,
    work: &mpsc::Sender<Work>,
    slots: &mpsc::Sender<Receiver<Vec<Ready>>>,
) -> std::result::Result<ReadReport, MailboxError> {
    let mut chunk: Vec<Raw> = Vec::new();
    let mut size = 0;
    let send = |chunk: &mut Vec<Raw>, size: &mut usize| {
        if chunk.is_empty() {
            return Ok(());
        }
        let (put, slot) = mpsc::sync_channel(1);
        let stopped = || "reading was stopped".to_owned();
        gate.enter(std::mem::take(size)).map_err(|Closed| stopped())?;
        slots.send(slot).map_err(|_| stopped())?;
        work.send((std::mem::take(chunk), put)).map_err(|_| stopped())
    };
    let report = mailbox.read(&mut |raw| {
        if size + raw.bytes.len() > CHUNK_BYTES {
            send(&mut chunk, &mut size)?;
        }
        size += raw.bytes.len();
        let note = if raw.note.is_empty() { String::new() } else { format!("{}: {}", raw.place, raw.note) };
        chunk.push(Raw { bytes: raw.bytes.into_owned(), place: raw.place.to_owned(), note });
        if chunk.len() >= CHUNK { send(&mut chunk, &mut size) } else { Ok(()) }
    });
    // What was read before a failure is kept.
    send(&mut chunk, &mut size).map_err(MailboxError::Taker)?;
    report
}

fn decode(jobs: &Mutex<Receiver<Work>>, now: Timestamp) {
    loop {
        // Held while waiting: the other decoders wait for the same next job.
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((chunk, put)) = next else { return };
        let ready = chunk
            .into_iter()
            .map(|raw| {
                let message = mail::parse(&raw.bytes, now);
                Ready { message: NewMessage::new(message, raw.bytes, raw.place, now), note: raw.note }
            })
            .collect();
        // The caller has stopped when nobody awaits it.
        let _ = put.send(ready);
    }
}

/// Counts bytes in flight.
#[derive(Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    inside: usize,
    closed: bool,
}

struct Closed;

impl Gate {
    /// Wait for room, or for the gate to be empty.
    fn enter(&self, bytes: usize) -> std::result::Result<(), Closed> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.closed && state.inside > 0 && state.inside + bytes > IN_FLIGHT {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.inside += bytes;
        if state.closed { Err(Closed) } else { Ok(()) }
    }

    fn leave(&self, bytes: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.inside = state.inside.saturating_sub(bytes);
        self.changed.notify_all();
    }

    fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.changed.notify_all();
    }
}

/// Closes the gate when it goes out of scope.
struct Closer<'g>(&'g Gate);

impl Drop for Closer<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mbox(dir: &std::path::Path, count: usize) -> LocalMailbox {
        let path = dir.join("in.mbox");
        let text: String = (0..count)
            .map(|n| {
                let filler = "words of no import ".repeat(n % 700);
                format!(
                    "From a@b.c Mon Nov  2 10:00:00 2026\nFrom: A <a@b.c>\nMessage-ID: <{n}@x>\nSubject: s\n\n{filler}\n\n"
                )
            })
            .collect();
        std::fs::write(&path, text).unwrap();
        LocalMailbox::open(&path).unwrap()
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn messages_come_in_the_order_of_the_mailbox() {
        let dir = tempfile::tempdir().unwrap();
        let mailbox = mbox(dir.path(), 1500);
        let mut ids = Vec::new();
        let report = each(&mailbox, NOW, &mut |ready| {
            ids.extend(ready.into_iter().map(|r| r.message.key().id.clone()));
            Ok(())
        })
        .unwrap();
        assert_eq!(report.messages, 1500);
        assert_eq!(ids, (0..1500).map(|n| format!("{n}@x")).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_of_the_taker_ends_the_reading() {
        let dir = tempfile::tempdir().unwrap();
        let mailbox = mbox(dir.path(), 3000);
        let mut seen = 0;
        let end = each(&mailbox, NOW, &mut |ready| {
            seen += ready.len();
            Err(AppError::usage("the disk is full"))
        });
        assert_eq!(end.unwrap_err().error.to_string(), "the disk is full");
        assert!(seen <= CHUNK);
    }

    #[test]
    fn a_message_larger_than_the_room_passes_alone() {
        let gate = Gate::default();
        assert!(gate.enter(3 * IN_FLIGHT).is_ok());
        std::thread::scope(|s| {
            let waiting = s.spawn(|| gate.enter(1).is_ok());
            gate.leave(3 * IN_FLIGHT);
            assert!(waiting.join().unwrap());
        });
        gate.close();
        assert!(gate.enter(1).is_err());
    }
}
