// The page: what is typed goes to the server, what it answers is shown while it is heard.

import { Gone, Player, Refusal, bytes, getJson, stream, wavFile } from "./speech.js";

const EXAMPLES = [
  ["The kettle", "The kettle is on, and the door is open. Come in, sit down, and tell me everything."],
  ["Figures", "On May 4th, 2026, Dr. Smith paid $3.50 for 2 lb of apples at 10:45 a.m."],
  ["Look-alikes", "You were too close to the door to close it. I read the book that you will read."],
  ["A verse", "Who has seen the wind? Neither you nor I. But when the trees bow down their heads, the wind is passing by."],
  [
    "A page",
    "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do. " +
      "Once or twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it. " +
      "“And what is the use of a book,” thought Alice, “without pictures or conversations?”\n\n" +
      "So she was considering in her own mind, as well as she could, for the hot day made her feel very sleepy and stupid, " +
      "whether the pleasure of making a daisy-chain would be worth the trouble of getting up and picking the daisies, " +
      "when suddenly a White Rabbit with pink eyes ran close by her.\n\n" +
      "There was nothing so very remarkable in that; nor did Alice think it so very much out of the way to hear " +
      "the Rabbit say to itself, “Oh dear! Oh dear! I shall be late!”",
  ],
];
const SPEEDS = [0.25, 0.33, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4];
const NEAR_LIMIT = 0.8; // share of the allowed characters from which on they are counted aloud

const BAR = 3; // CSS pixels from one bar of the waveform to the next
const PEAKS = 200; // a second, that the waveform is drawn from
const QUIET = 0.1; // a peak of speech below which the waveform is drawn smaller
const MEL_SCALE = 56; // CSS pixels a second: the mel of longer speech moves past
const SHORTEST = 1; // seconds that the waveform shows at least

const ui = Object.fromEntries([...document.querySelectorAll("[id]")].map((e) => [e.id, e]));
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const player = new Player();

let server = null; // what GET /page/voices said
let asking = null; // AbortController of the speech that is being made
let asked = 0; // when it was asked for, ms
let firstSound = null; // seconds until it was heard
let begun = false; // whether the server has begun to answer
let words = []; // {start, end, span}
let said = 0; // how many of them were spoken
let lit = null; // span of the one that is spoken
let clock = 0; // timer of the notice
let frame = 0; // animation frame that was asked for

// ---- The pictures -----------------------------------------------------------------------------

/** The waveform of all that is there, and below it the mel around the cursor. */
const score = {
  seconds: 0, // that there are
  shown: SHORTEST, // seconds that the waveform spans: follows `seconds`
  peaks: [], // of the samples, 0 to 1
  loudest: 0, // of them
  tiles: [], // {start, seconds, frames, bands, mel, picture, since}
  colors: {},

  reset() {
    Object.assign(this, { seconds: 0, shown: SHORTEST, peaks: [], loudest: 0, tiles: [] });
  },

  /** Add `samples` at `start` seconds, and their `mel`: a byte for each of `bands`, in `frames`. */
  add(start, samples, sampleRate, mel, frames, bands) {
    const seconds = samples.length / sampleRate;
    const first = this.peaks.length;
    const last = Math.round((start + seconds) * PEAKS);
    for (let peak = first; peak < last; peak++) {
      const from = Math.floor(((peak - first) * samples.length) / (last - first));
      const to = Math.floor(((peak + 1 - first) * samples.length) / (last - first));
      let highest = 0;
      for (let i = from; i < to; i++) highest = Math.max(highest, Math.abs(samples[i]));
      this.peaks.push(highest);
      this.loudest = Math.max(this.loudest, highest);
    }
    const tile = { start, seconds, frames, bands, mel, since: performance.now() };
    this.paint(tile);
    this.tiles.push(tile);
    this.seconds = start + seconds;
  },

  /** Take the colors of the style sheet, which differ in the dark. */
  tint() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["paper", "sheet", "ink", "accent", "bar"]) {
      this.colors[name] = style.getPropertyValue(`--${name}`);
    }
    const strip = new OffscreenCanvas(256, 1).getContext("2d");
    strip.fillStyle = strip.createLinearGradient(0, 0, 256, 0);
    for (let stop = 0; stop < 4; stop++) {
      strip.fillStyle.addColorStop(stop / 3, style.getPropertyValue(`--mel-${stop}`));
    }
    strip.fillRect(0, 0, 256, 1);
    this.ramp = new Uint32Array(strip.getImageData(0, 0, 256, 1).data.buffer);
    this.tiles.forEach((tile) => this.paint(tile));
  },

  paint(tile) {
    const { frames, bands, mel } = tile;
    const image = new ImageData(frames, bands);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < frames; i++) {
      for (let band = 0; band < bands; band++) {
        pixels[(bands - 1 - band) * frames + i] = this.ramp[mel[i * bands + band]];
      }
    }
    tile.picture = new OffscreenCanvas(frames, bands);
    tile.picture.getContext("2d").putImageData(image, 0, 0);
  },

  /** Draw it with the cursor at `position` seconds. Returns whether something is still moving. */
  draw(position) {
    const goal = Math.max(this.seconds, SHORTEST);
    this.shown = calm.matches ? goal : this.shown + (goal - this.shown) * 0.18;
    if (Math.abs(goal - this.shown) < 0.005) this.shown = goal;
    const heard = position > 0 || player.playing ? position : this.seconds;

    const span = Math.min(this.shown, ui.mel.clientWidth / MEL_SCALE);
    // The cursor stands in the middle of the mel, except at both ends; or goes from page to page.
    const wanted = calm.matches ? Math.floor(position / span) * span : position - span / 2;
    const from = Math.min(Math.max(wanted, 0), this.shown - span);

    this.drawWave(heard, from, span);
    return this.drawMel(heard, from, span) || this.shown !== goal;
  },

  drawWave(heard, from, span) {
    const { g, width, height } = brush(ui.wave);
    const perSecond = width / this.shown;
    if (span < this.shown) {
      g.fillStyle = this.colors.paper; // the part that the mel shows
      g.beginPath();
      g.roundRect(from * perSecond, 0, span * perSecond, height, 6);
      g.fill();
    }
    const loudest = Math.max(this.loudest, QUIET);
    for (let x = 0; x < Math.min(width, this.seconds * perSecond); x += BAR) {
      let loud = 0;
      const to = Math.min(Math.ceil(((x + BAR) / perSecond) * PEAKS), this.peaks.length);
      for (let i = Math.floor((x / perSecond) * PEAKS); i < to; i++) {
        loud = Math.max(loud, this.peaks[i]);
      }
      const half = Math.max(1, (loud / loudest) * (height / 2 - 4));
      g.fillStyle = x < heard * perSecond ? this.colors.accent : this.colors.bar;
      g.fillRect(x, height / 2 - half, BAR - 1, 2 * half);
    }
    this.drawCursor(g, heard * perSecond, height);
  },

  drawMel(heard, from, span) {
    const { g, width, height } = brush(ui.mel);
    const perSecond = width / span;
    let moving = false;
    g.fillStyle = `#${this.ramp[0].toString(16).slice(-6).match(/../g).reverse().join("")}`;
    g.fillRect(0, 0, width, height);
    for (const { start, seconds, picture, since } of this.tiles) {
      if (start + seconds < from || start > from + span) continue;
      g.globalAlpha = calm.matches ? 1 : Math.min((performance.now() - since) / 300, 1);
      moving ||= g.globalAlpha < 1;
      g.drawImage(picture, (start - from) * perSecond, 0, seconds * perSecond, height);
    }
    const x = (heard - from) * perSecond;
    g.globalAlpha = 0.55;
    g.fillStyle = this.colors.sheet;
    g.fillRect(x, 0, width - x, height);
    g.globalAlpha = 1;
    this.drawCursor(g, x, height);
    return moving;
  },

  drawCursor(g, x, height) {
    if (!player.playing && (player.position === 0 || player.position === this.seconds)) return;
    g.fillStyle = this.colors.ink;
    g.fillRect(x - 0.75, 0, 1.5, height);
  },
};

/** A cleared canvas to draw on in CSS pixels, as sharp as the screen. */
function brush(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const sharp = devicePixelRatio;
  if (canvas.width !== Math.round(width * sharp) || canvas.height !== Math.round(height * sharp)) {
    canvas.width = Math.round(width * sharp);
    canvas.height = Math.round(height * sharp);
  }
  const g = canvas.getContext("2d");
  g.setTransform(sharp, 0, 0, sharp, 0, 0);
  g.clearRect(0, 0, width, height);
  return { g, width, height };
}

// ---- What moves with the sound ----------------------------------------------------------------

function animate() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    const moving = score.draw(player.position);
    follow();
    if (player.playing || moving) animate();
  });
}

/** Light the word that is spoken, and show the time. */
function follow() {
  const { position, seconds, playing } = player;
  if (firstSound === null && playing && position > 0) {
    firstSound = (performance.now() - asked) / 1000 - position;
    put(ui["first-sound"], `${firstSound.toFixed(2)} s`);
  }
  put(ui.now, time(position));
  put(ui.length, time(seconds));
  const resting = !playing && (position === 0 || position >= seconds);
  const before = resting ? 0 : words.findLastIndex(({ start }) => start <= position) + 1;
  // Only what changes is touched: a long text has thousands of words.
  for (let i = Math.min(said, before); i < Math.max(said, before); i++) {
    words[i].span.classList.toggle("said", i < before);
  }
  said = before;
  const spoken = before && position < words[before - 1].end ? words[before - 1].span : null;
  if (spoken === lit) return;
  lit?.classList.remove("lit");
  lit = spoken;
  if (!lit) return;
  lit.classList.add("lit");
  reveal(lit);
}

/** Scroll the text as it is read so that `span` can be seen. */
function reveal(span) {
  const top = span.offsetTop - ui.words.offsetTop - ui.words.clientHeight / 2;
  if (ui.words.scrollHeight > ui.words.clientHeight) {
    ui.words.scrollTo({ top, behavior: calm.matches ? "auto" : "smooth" });
  }
}

/** Show what state everything is in. */
function show() {
  const { playing, position, seconds, waiting } = player;
  const busy = Boolean(asking || playing);
  put(ui["speak-label"], busy ? "Stop" : "Speak");
  put(ui["speak-key"], busy ? "Esc" : /Mac|iP/.test(navigator.platform) ? "⌘ ↵" : "Ctrl ↵");
  ui.speak.classList.toggle("stops", busy);
  ui.speak.setAttribute("aria-keyshortcuts", busy ? "Escape" : "Control+Enter");
  ui.play.classList.toggle("playing", playing);
  ui.play.setAttribute("aria-label", playing ? "Pause" : "Play");
  ui.words.classList.toggle("playing", playing);
  ui.position.max = seconds;
  ui.position.value = position;
  ui.position.setAttribute("aria-valuetext", `${time(position)} of ${time(seconds)}`);
  if (asking && !(begun && seconds)) put(ui.status, "Making the first sound…");
  else if (waiting) put(ui.status, "Waiting for more…");
  else if (playing) put(ui.status, "Speaking.");
  else if (seconds && position >= seconds) put(ui.status, `Spoken: ${seconds.toFixed(1)} seconds.`);
  else if (seconds) put(ui.status, `Stopped at ${time(position)}.`);
  else put(ui.status, "");
  animate();
}

// ---- Speaking ---------------------------------------------------------------------------------

async function speak() {
  stop();
  quiet();
  const text = ui.text.value;
  if (!text.trim()) return wrongText("There is nothing to speak yet: type a text, or try an example.");
  if (server && characters() > server.limits.characters) return wrongText(tooLong());
  player.unlock(server?.mel.sample_rate);
  const speech = (asking = new AbortController());
  asked = performance.now();
  firstSound = null;
  begun = false;
  show();
  try {
    if (!server) await load();
    const request = { text, voice: ui.speaker.value || ui.voice.value, speed: speed() };
    let form = null;
    for await (const message of stream("page/speak", request, speech.signal)) {
      if (speech.signal.aborted) return;
      if (message.type === "start") begin((form = message));
      if (message.type === "chunk") hear(message, form);
      if (message.type === "end") end(message);
    }
  } catch (error) {
    fail(error);
  } finally {
    if (asking === speech) {
      asking = null;
      if (begun) {
        player.finish();
        offer(ui.wav, wavFile(player.pcm, player.sampleRate));
      }
    }
    show();
  }
}

/** Stop the sound, and the server where it is still at work. */
function stop() {
  player.pause();
  asking?.abort();
}

/** Make room for new speech. */
function begin({ sample_rate, voice }) {
  begun = true;
  player.reset(sample_rate);
  score.reset();
  words = [];
  said = 0;
  lit = null;
  ui.words.replaceChildren();
  ui.words.removeAttribute("tabindex");
  ui.words.lang = server?.voices.find(({ name }) => name === voice)?.language ?? "";
  ui.warnings.replaceChildren();
  put(ui["first-sound"], "–");
  put(ui.factor, "–");
  for (const link of [ui.wav, ui.srt, ui.vtt]) {
    URL.revokeObjectURL(link.href);
    link.removeAttribute("href");
  }
}

/** Play a sentence, and show it. */
function hear(chunk, { sample_rate, n_mels }) {
  const samples = player.add(bytes(chunk.audio));
  ui.speech.hidden = false;
  score.add(chunk.start, samples, sample_rate, bytes(chunk.mel), chunk.frames, n_mels);
  for (const { text, start, end } of chunk.words) {
    const span = document.createElement("span");
    span.textContent = text;
    ui.words.append(span, " ");
    words.push({ start, end, span });
  }
  // What scrolls must be reachable by keyboard; what doesn't is no stop on the way.
  if (ui.words.scrollHeight > ui.words.clientHeight) ui.words.tabIndex = 0;
  if (score.tiles.length === 1) {
    player.play();
    ui.speech.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
  }
  show();
}

/** Show the figures, and offer the captions. */
function end({ seconds, elapsed, srt, vtt, warnings }) {
  const factor = elapsed / seconds;
  put(ui.factor, factor.toFixed(factor < 0.1 ? 3 : 2));
  const times = document.createElement("small");
  times.textContent = ` ${(1 / factor).toFixed(factor < 0.1 ? 0 : 1)} × real time`;
  ui.factor.append(times);
  offer(ui.srt, new Blob([srt], { type: "application/x-subrip" }));
  offer(ui.vtt, new Blob([vtt], { type: "text/vtt" }));
  ui.warnings.replaceChildren(
    ...warnings.map((warning) => Object.assign(document.createElement("li"), { textContent: warning })),
  );
}

/** Let `blob` be downloaded by `link`, under a name that says what is in it. */
function offer(link, blob) {
  const name = words.map(({ span }) => span.textContent.replace(/[^\p{L}\p{N}]/gu, "").toLowerCase());
  link.href = URL.createObjectURL(blob);
  link.download = `${name.filter(Boolean).slice(0, 5).join("-") || "speech"}.${link.id}`;
}

// ---- What goes wrong --------------------------------------------------------------------------

/** Say in the page's words what `error` means. */
function fail(error) {
  const heard = begun ? player.seconds : 0;
  if (error instanceof Gone && heard) {
    complain(`The server fell silent after ${time(heard)}. What had arrived is kept; press Speak to ask again.`);
  } else if (error instanceof Gone) {
    complain("The server doesn’t answer. Is tacotron serve still running? Then press Speak again.");
  } else if (!(error instanceof Refusal)) {
    complain("Something went wrong in this page. Reload it, please.");
    throw error;
  } else if (error.status === 503 && error.code === "busy") {
    busy(error.retryAfter);
  } else if (error.status === 413) {
    wrongText(tooLong());
  } else if (error.status === 400) {
    wrongText(error.message);
  } else {
    complain(error.message);
  }
}

function busy(seconds) {
  const sentence = "The server is busy speaking for others.";
  complain(`${sentence} Try again in ${seconds} second${seconds === 1 ? "" : "s"}.`);
  // The seconds run down for the eye alone: read aloud, each would be an interruption.
  ui["notice-text"].classList.add("hidden");
  const until = performance.now() + 1000 * seconds;
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    put(ui["notice-clock"], `${sentence} ${left > 0 ? `Try again in ${left} s.` : "Now may be a good time: press Speak."}`);
    if (left <= 0) clearInterval(clock);
  };
  tick();
  clock = setInterval(tick, 250);
  ui["notice-clock"].hidden = false;
}

function wrongText(sentence) {
  complain(sentence);
  ui.text.setAttribute("aria-invalid", "true");
  ui.text.setAttribute("aria-describedby", "notice-text count");
  ui.text.focus();
}

function complain(sentence) {
  quiet();
  ui.notice.hidden = false;
  put(ui["notice-text"], sentence);
}

/** Take back what was complained about. */
function quiet() {
  clearInterval(clock);
  ui.notice.hidden = true;
  ui["notice-clock"].hidden = true;
  ui["notice-text"].classList.remove("hidden");
  put(ui["notice-text"], "");
  ui.text.removeAttribute("aria-invalid");
  ui.text.setAttribute("aria-describedby", "count");
}

function tooLong() {
  const most = server?.limits.characters;
  const over = characters() - most;
  return over > 0
    ? `This text is too long: the server speaks ${count(most)} characters at once. Shorten it by ${count(over)}.`
    : "This text is too long for the server: shorten it.";
}

// ---- The form ---------------------------------------------------------------------------------

/** Ask the server what it speaks with. Throws `Refusal` or `Gone`. */
async function load() {
  server = await getJson("page/voices");
  const names = new Intl.DisplayNames("en", { type: "language" });
  const many = new Set(server.voices.map(({ language }) => language)).size > 1;
  ui.voice.replaceChildren(
    ...server.voices.map(({ name, language, default: chosen }) => {
      const label = many ? `${name} (${names.of(language)})` : name;
      return new Option(label, name, chosen, chosen);
    }),
  );
  ui.voice.disabled = false;
  ui.speed.max = speeds().length - 1;
  ui.speed.value = speeds().indexOf(1);
  ui.speed.disabled = false;
  showVoice();
  showSpeed();
}

function showVoice() {
  const { name, description, language, speakers } = server.voices[ui.voice.selectedIndex];
  put(ui.description, description);
  ui.text.lang = language;
  ui["speaker-field"].hidden = speakers.length < 2;
  ui.speaker.replaceChildren(
    ...(speakers.length < 2 ? [] : speakers.map((who) => new Option(who, `${name}:${who}`))),
  );
}

function showSpeed() {
  put(ui["speed-output"], `${speed()}×`);
  ui.speed.setAttribute("aria-valuetext", `${speed()} times`);
}

function speed() {
  return speeds()[ui.speed.value];
}

function speeds() {
  const { min, max } = server.speed;
  return SPEEDS.filter((speed) => min <= speed && speed <= max);
}

/** Characters as the server counts them: code points. */
function characters() {
  return [...ui.text.value].length;
}

function recount() {
  const [are, most] = [characters(), server?.limits.characters ?? Infinity];
  ui.count.hidden = are < NEAR_LIMIT * most;
  ui.count.classList.toggle("over", are > most);
  put(ui.count, `${count(are)} of ${count(most)} characters`);
}

// ---- Small things -----------------------------------------------------------------------------

/** Set the text of `element`, unless it is that: screen readers say what is set. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function time(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function count(number) {
  return number.toLocaleString("en");
}

// ---- Beginning --------------------------------------------------------------------------------

ui.form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (asking || player.playing) stop();
  else speak();
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.repeat) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  } else if (event.key === "Escape") {
    stop();
  }
});

ui.play.addEventListener("click", () => (player.playing ? player.pause() : player.play()));

ui.position.addEventListener("input", () => player.seek(Number(ui.position.value)));
ui.position.addEventListener("focus", show);
ui.position.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
  ui.position.value = player.position; // where it is now, for the keys that the slider knows itself
  if (!step) return;
  event.preventDefault();
  player.seek(player.position + step);
});

ui.text.addEventListener("input", recount);
ui.voice.addEventListener("change", showVoice);
ui.speed.addEventListener("input", showSpeed);
player.addEventListener("change", show);

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  score.tint();
  animate();
});
new ResizeObserver(animate).observe(ui.mel);

for (const [title, text] of EXAMPLES) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: title });
  button.addEventListener("click", () => {
    ui.text.value = text;
    quiet();
    recount();
  });
  ui.examples.append(button);
}
ui.text.value ||= EXAMPLES[0][1];

score.tint();
show();
load().then(recount, fail);
