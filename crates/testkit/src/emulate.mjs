// Starts services of `emulate` on loopback ports that are free, at a time that is given, until its input ends.
import net from "node:net";
import { pathToFileURL } from "node:url";

const [entry, services, start, seed] = process.argv.slice(1);

// The world of a test has a time of its own.
const Real = Date;
const shift = Number(start) - Real.now();
globalThis.Date = class Date extends Real {
  constructor(...given) {
    if (given.length > 0) super(...given);
    else super(Real.now() + shift);
  }
  static now() {
    return Real.now() + shift;
  }
};

// It would listen on every address, at a port that is named beforehand and says nothing of it.
const listen = net.Server.prototype.listen;
let heard;
net.Server.prototype.listen = function () {
  return listen.call(this, 0, "127.0.0.1", () => heard(this.address().port));
};

// A test that is killed closes it, too.
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));

const { createEmulator } = await import(pathToFileURL(entry));
for (const service of services.split(",")) {
  const port = new Promise((resolve) => (heard = resolve));
  await createEmulator({ service, port: 0, baseUrl: "https://emulated.example", seed: JSON.parse(seed) });
  console.log(`${service} ${await port}`);
}
console.log("ready");
// Nobody reads on.
console.log = () => {};
