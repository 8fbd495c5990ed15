// Speech as it arrives from the server: asking for it, playing it without gaps, keeping it.
// Nothing here knows the page; page.js shows what these classes say.

const LEAD = 0.03; // seconds between scheduling a sound and hearing it: room for the scheduler
const FADE = 0.008; // seconds in which a stopped sound dies away, so that it doesn't click
const IDLE = 2000; // ms without sound after which the sound card may sleep

/** The server said no, in words of its own. */
export class Refusal extends Error {
  /**
   * @param {string} message what the server said
   * @param {number} status of the HTTP response; 200 where it failed while speaking
   * @param {string} code what it calls the reason
   * @param {number} retryAfter whole seconds until another try makes sense; at least 1
   */
  constructor(message, status, code = "", retryAfter = 1) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** The server does not answer, or fell silent before the speech was complete. */
export class Gone extends Error {}

/** GET `path` as JSON. Throws `Refusal` or `Gone`. */
export async function getJson(path) {
  const response = await request(path);
  return response.json().catch(() => {
    throw new Gone();
  });
}

/**
 * POST `body` to `path` and yield the JSON objects of the answer, one a line, as they arrive.
 * The last has the type "end". Throws `Refusal` or `Gone`; an abort by `signal` just ends it.
 */
export async function* stream(path, body, signal) {
  try {
    const response = await request(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
    let rest = "";
    for await (const text of decoded(response.body)) {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines.filter(Boolean)) {
        const message = JSON.parse(line);
        if (message.type === "error") throw new Refusal(message.message, 200);
        yield message;
        if (message.type === "end") return;
      }
    }
    throw new Gone();
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
}

/** The text of a response's body, piece by piece. (Safari's streams are no async iterables.) */
async function* decoded(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw new Gone(error.message);
    });
    if (done) return;
    yield value;
  }
}

async function request(path, options) {
  const response = await fetch(path, options).catch((error) => {
    throw new Gone(error.message);
  });
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const { message = `The server answered ${response.status}.`, code } = said.error ?? {};
  throw new Refusal(message, response.status, code, Number(response.headers.get("Retry-After")) || 1);
}

/** The bytes of a base64 `text`. */
export function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/**
 * Speech that is played while it is still arriving.
 *
 * The pieces are laid end to end on the audio clock, counted in samples, so that joints can't be
 * heard. If one comes too late, the clock of the speech waits and all that follows moves with it.
 * Fires "change" when it starts, waits, pauses or ends.
 */
export class Player extends EventTarget {
  sampleRate = 0; // of the speech, Hz
  pcm = []; // Uint8Arrays of 16-bit little-endian samples, as they came
  playing = false;
  complete = false; // nothing more will be added

  #context = null; // made on the first click: browsers allow sound only then
  #pieces = []; // {buffer, start}, start in samples
  #samples = 0; // that have been added
  #take = null; // {gain, sources, origin}: origin is when, on the audio clock, the speech began
  #rested = 0; // position in seconds while nothing plays
  #idle = 0; // timer that lets the sound card sleep

  /** Make or wake the audio output, at the rate of the speech. Call it from a click or a key. */
  unlock(sampleRate) {
    this.#context ??= new AudioContext({ sampleRate, latencyHint: "interactive" });
    this.#wake();
  }

  /** Forget what was spoken, and be ready for other speech. */
  reset(sampleRate) {
    this.#silence();
    this.sampleRate = sampleRate;
    this.pcm = [];
    this.complete = false;
    this.#pieces = [];
    this.#samples = 0;
    this.#rested = 0;
  }

  /** Add `pcm`, 16-bit little-endian samples. Returns them as floats in [-1, 1]. */
  add(pcm) {
    const integers = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
    const buffer = this.#context.createBuffer(1, pcm.length / 2, this.sampleRate);
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < samples.length; i++) samples[i] = integers.getInt16(2 * i, true) / 32768;
    const piece = { buffer, start: this.#samples };
    this.pcm.push(pcm);
    this.#pieces.push(piece);
    this.#samples += samples.length;
    if (this.playing) {
      const late = this.#context.currentTime - (this.#take.origin + piece.start / this.sampleRate);
      if (late > 0) this.#take.origin += late + LEAD;
      this.#schedule(piece);
      if (late > 0) this.#changed();
    }
    return samples;
  }

  /** Say that no more is coming. */
  finish() {
    this.complete = true;
    this.#settle();
    this.#changed();
  }

  /** Seconds that can be played. */
  get seconds() {
    return this.sampleRate ? this.#samples / this.sampleRate : 0;
  }

  /** Seconds from the beginning of the speech to what is heard now. */
  get position() {
    if (!this.playing) return this.#rested;
    // What leaves the clock now is heard a moment later.
    const latency = this.#context.outputLatency || 0;
    return Math.min(Math.max(this.#clock() - latency, this.#rested), this.seconds);
  }

  /** Whether it plays all there is and waits for more. */
  get waiting() {
    return this.playing && !this.complete && this.#clock() >= this.seconds;
  }

  /** Play from where it rests; from the beginning where that is the end. */
  play() {
    if (this.playing) return;
    if (this.complete && this.#rested >= this.seconds) this.#rested = 0;
    this.#wake();
    const gain = new GainNode(this.#context);
    gain.connect(this.#context.destination);
    const origin = this.#context.currentTime + LEAD - this.#rested;
    this.#take = { gain, sources: new Set(), origin };
    this.playing = true;
    for (const piece of this.#pieces) this.#schedule(piece);
    this.#changed();
  }

  /** Stop playing, and rest there. */
  pause() {
    if (!this.playing) return;
    const position = this.position;
    this.#silence();
    this.#rested = position;
    this.#changed();
  }

  /** Go to `seconds` from the beginning. */
  seek(seconds) {
    const playing = this.playing;
    this.#silence();
    const sample = Math.round(seconds * this.sampleRate);
    this.#rested = Math.min(Math.max(sample, 0), this.#samples) / this.sampleRate;
    if (playing) this.play();
    else this.#changed();
  }

  #clock() {
    return this.#context.currentTime - this.#take.origin;
  }

  #schedule(piece) {
    const { gain, sources, origin } = this.#take;
    const start = piece.start / this.sampleRate;
    const into = this.#rested - start; // seconds of it that lie before the place played from
    if (into >= piece.buffer.duration) return;
    const source = new AudioBufferSourceNode(this.#context, { buffer: piece.buffer });
    source.connect(gain);
    sources.add(source);
    source.onended = () => {
      sources.delete(source);
      this.#settle();
    };
    source.start(origin + start + Math.max(into, 0), Math.max(into, 0));
  }

  /** After a piece has sounded: see whether the speech has ended, or waits for more. */
  #settle() {
    if (!this.playing || this.#take.sources.size) return;
    if (this.complete) {
      this.#silence();
      this.#rested = this.seconds;
    }
    this.#changed();
  }

  #silence() {
    if (!this.playing) return;
    const { gain, sources } = this.#take;
    const now = this.#context.currentTime;
    gain.gain.setValueAtTime(1, now);
    gain.gain.linearRampToValueAtTime(0, now + FADE);
    for (const source of sources) {
      source.onended = null;
      source.stop(now + FADE);
    }
    this.#take = null;
    this.playing = false;
    this.#idle = setTimeout(() => this.#context.suspend(), IDLE);
  }

  #wake() {
    clearTimeout(this.#idle);
    this.#context.resume();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** A WAV file of 16-bit mono samples: `pcm` are their bytes, in pieces. */
export function wavFile(pcm, sampleRate) {
  const length = pcm.reduce((sum, piece) => sum + piece.length, 0);
  const header = new DataView(new ArrayBuffer(44));
  const write = (at, text) => [...text].forEach((c, i) => header.setUint8(at + i, c.charCodeAt(0)));
  write(0, "RIFF");
  header.setUint32(4, 36 + length, true);
  write(8, "WAVEfmt ");
  header.setUint32(16, 16, true); // bytes of the format that follows
  header.setUint16(20, 1, true); // integer samples
  header.setUint16(22, 1, true); // channels
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, 2 * sampleRate, true); // bytes a second
  header.setUint16(32, 2, true); // bytes a frame
  header.setUint16(34, 16, true); // bits a sample
  write(36, "data");
  header.setUint32(40, length, true);
  return new Blob([header, ...pcm], { type: "audio/wav" });
}
