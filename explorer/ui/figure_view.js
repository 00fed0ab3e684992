// One live picture. Frames come as PNG bytes; what goes back is which frame was painted, and how
// large, how fine and how dark the view is. Numbers are read out here, from the lines' records.

const HINT = "Point at the picture, or focus it and press the arrow keys, to read numbers.";
const LABEL = "Picture; left and right arrow keys read out its numbers";
const FAR_PX = 4; // a record farther from the marker than this says where it stands
const SETTLE_MS = 150;
const THEMED = ["data-jp-theme-light", "data-jp-theme-name"]; // JupyterLab's, of the body

const saved = new WeakSet(); // buffers of files that some view has handed to the browser

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function floats(view) {
  // a buffer may begin at any byte, a Float32Array only at a multiple of four: hence the copy
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function format(value, unit = "") {
  const size = Math.abs(value);
  let text = String(Number(value.toPrecision(4)));
  if (Number.isInteger(value) && size < 1e7) text = value.toLocaleString("en-US");
  else if (size >= 1e5 || size < 1e-3) text = value.toExponential(2).replace("e+", "e");
  return unit ? `${text} ${unit}` : text;
}

function pixelOf({ xscale, xlim, box: [left, , width] }, x) {
  const scaled = xscale === "log" ? Math.log : Number;
  const [from, to] = xlim.map(scaled);
  return left + ((scaled(x) - from) / (to - from)) * width;
}

// Every line of these axes as its visible records, {x, y, pixel}; a line without any is left out.
function linesOf(series, axes) {
  const names = (axes.series ?? Object.keys(series)).filter((name) => name in series);
  const [left, , width] = axes.box;
  return names.map((name) => {
    const y = floats(series[name].y);
    const records = Array.from(floats(series[name].x), (x, i) => (
      { x, y: y[i], pixel: pixelOf(axes, x) }
    ));
    const seen = ({ pixel }) => pixel >= left - 0.5 && pixel <= left + width + 0.5;
    return { name, records: records.filter((one) => Number.isFinite(one.y) && seen(one)) };
  }).filter(({ records }) => records.length);
}

function nearest(records, pixel) {
  const distance = (record) => Math.abs(record.pixel - pixel);
  return records.reduce((best, one) => (distance(one) < distance(best) ? one : best));
}

function theme() {
  const { jpThemeLight: light, jpThemeName: name } = document.body.dataset;
  const dark = light ? light === "false" : matchMedia("(prefers-color-scheme: dark)").matches;
  const high = /high contrast/i.test(name ?? "") || matchMedia("(prefers-contrast: more)").matches;
  return (dark ? "dark" : "light") + (high ? " high contrast" : "");
}

// ipywidgets gives its sliders no name, and to a field without a label of its own only a title
function nameControls(panel) {
  for (const field of panel.querySelectorAll(".explorer-number input:not([aria-label])")) {
    if (field.title) field.setAttribute("aria-label", field.title);
  }
  for (const handle of panel.querySelectorAll(".noUi-handle:not([aria-label])")) {
    const label = handle.closest(".jupyter-widgets")?.querySelector("label");
    if (label?.textContent) handle.setAttribute("aria-label", label.textContent);
  }
}

// Reads out the records at a place that the pointer or the keys chose; returns how to refresh it.
function readOut(scene, picture, marker, line) {
  let place = null; // {index of the axes, pixel} by pointer, {index, x} by keys

  const pixelHere = (axes) => place.pixel ?? pixelOf(axes, place.x);

  function refresh(live = "off") {
    // a screen reader speaks what the keys ask for, not what a pointer or a frame passes over
    line.setAttribute("aria-live", live);
    const axes = place && scene.axes[place.index];
    const lines = axes ? linesOf(scene.series, axes) : [];
    const all = lines.flatMap(({ records }) => records);
    marker.hidden = !all.length;
    line.classList.toggle("explorer-figure-hint", !all.length);
    if (!all.length) {
      line.textContent = scene.axes.length && Object.keys(scene.series).length ? HINT : "";
      return;
    }
    const at = nearest(all, pixelHere(axes));
    const scale = picture.clientWidth / scene.size[0]; // below 1 where the page is too narrow
    marker.style.left = `${at.pixel * scale}px`;
    marker.style.top = `${axes.box[1] * scale}px`;
    marker.style.height = `${axes.box[3] * scale}px`;
    const values = lines.map(({ name, records }) => {
      const { x, y, pixel } = nearest(records, at.pixel);
      const away = Math.abs(pixel - at.pixel) > FAR_PX ? ` (at ${format(x)})` : "";
      return `${name} ${format(y, axes.yunit)}${away}`;
    });
    line.textContent = `${axes.xlabel || "x"} ${format(at.x, axes.xunit)}: ${values.join(" · ")}`;
  }

  function point(event) {
    const bounds = picture.getBoundingClientRect();
    const scale = scene.size[0] / bounds.width;
    const [x, y] = [(event.clientX - bounds.left) * scale, (event.clientY - bounds.top) * scale];
    const index = scene.axes.findIndex(({ box: [left, top, width, height] }) => (
      x >= left && x <= left + width && y >= top && y <= top + height
    ));
    place = index < 0 ? null : { index, pixel: x };
    refresh();
  }

  function press(event) {
    const count = scene.axes.length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity, Escape: 0 };
    const turns = count > 1 ? { ArrowUp: count - 1, ArrowDown: 1 } : {};
    if (!(event.key in { ...steps, ...turns }) || !count) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // the notebook would take the key as its own, and leave or fold the cell
    event.preventDefault();
    event.stopPropagation();
    const index = ((place?.index ?? 0) + (turns[event.key] ?? 0)) % count;
    const stops = linesOf(scene.series, scene.axes[index]).flatMap(({ records }) => records);
    stops.sort((a, b) => a.pixel - b.pixel);
    const places = stops.filter((one, i) => !i || one.x !== stops[i - 1].x);
    if (event.key === "Escape" || !places.length) {
      place = null;
    } else {
      const step = steps[event.key] ?? 0;
      const start = step > 0 ? -1 : places.length;
      const pixel = place && pixelHere(scene.axes[index]);
      const here = place ? places.indexOf(nearest(places, pixel)) : start;
      place = { index, x: places[Math.min(Math.max(here + step, 0), places.length - 1)].x };
    }
    refresh("polite");
  }

  picture.addEventListener("pointermove", point);
  picture.addEventListener("pointerdown", point);
  picture.addEventListener("keydown", press);
  picture.addEventListener("pointerleave", () => {
    if (place?.pixel === undefined) return; // the keys' place outlives a passing pointer
    place = null;
    refresh();
  });
  return refresh;
}

function render({ model, el }) {
  const root = element("div", "explorer-figure");
  const picture = element("div", "explorer-figure-picture", {
    tabindex: "0", role: "group", "aria-label": LABEL,
  });
  const image = element("img", "", { role: "img", draggable: "false", decoding: "sync" });
  const marker = element("div", "explorer-figure-marker");
  const line = element("div", "explorer-figure-readout");
  // it stays for good, since what is put on a page with its words in it is not spoken
  const spoken = element("div", "explorer-figure-spoken", { "aria-live": "polite" });
  picture.append(image, marker);
  root.append(picture, line, spoken);
  el.append(root);

  const scene = {}; // what is on the screen; the model may be a frame ahead
  const refresh = readOut(scene, picture, marker, line);
  let painted = 0;
  let url = null;
  let busy = false;
  let gone = false;
  let told = "";
  let timer = null;

  function say(message) {
    try {
      model.send(message);
    } catch {
      // a kernel that has been restarted does not know this view any more
    }
  }

  function latest() {
    const names = ["frame", "png", "alt", "size", "axes", "series"];
    return Object.fromEntries(names.map((name) => [name, model.get(name)]));
  }

  function stage(next) {
    Object.assign(scene, next);
    picture.style.width = `${scene.size[0]}px`;
    picture.style.aspectRatio = scene.size.join(" / ");
    image.alt = scene.alt;
    refresh();
  }

  async function paint() {
    const next = latest();
    const source = URL.createObjectURL(new Blob([next.png], { type: "image/png" }));
    try {
      // decoded apart first: the old picture stays until the new one can replace it at once
      const apart = new Image();
      apart.src = source;
      await apart.decode();
      stage(next);
      image.src = source;
      await image.decode();
      if (url) URL.revokeObjectURL(url);
      url = source;
    } catch {
      URL.revokeObjectURL(source); // no browser can read this frame; the next may be better
    }
    // the callback runs before the browser paints, a task that it leaves behind runs after
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    painted = next.frame;
    if (gone) return;
    root.dataset.frame = painted;
    say({ kind: "shown", frame: painted });
  }

  // one at a time; of the frames that came meanwhile only the newest is painted
  async function draw() {
    if (busy) return;
    busy = true;
    while (!gone && root.clientWidth && model.get("frame") !== painted) await paint();
    busy = false;
    if (gone && url) URL.revokeObjectURL(url);
  }

  // a file goes the way of any download; a panel that is shown twice on the page saves it once
  function save(message, buffers) {
    if (message?.kind !== "save" || saved.has(buffers[0])) return;
    saved.add(buffers[0]);
    const source = URL.createObjectURL(new Blob([buffers[0]], { type: message.mime }));
    const link = element("a", "", { href: source, download: message.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(source), 60_000);
  }

  function speak() {
    spoken.textContent = model.get("spoken");
  }

  function tell() {
    const width = root.clientWidth;
    if (gone || !width) return; // hidden: there is no width to speak of
    const view = { kind: "view", pixel_ratio: window.devicePixelRatio, width, theme: theme() };
    if (JSON.stringify(view) === told) return;
    told = JSON.stringify(view);
    say(view);
  }

  const built = new MutationObserver(() => nameControls(watched));
  let watched = null;

  function watch() {
    const panel = root.closest(".explorer-panel");
    if (!panel || panel === watched) return;
    watched = panel;
    nameControls(panel);
    built.observe(panel, { childList: true, subtree: true }); // folds open later
  }

  const resized = new ResizeObserver(() => {
    watch();
    draw(); // a view that was hidden catches up
    refresh();
    clearTimeout(timer);
    timer = setTimeout(tell, told ? SETTLE_MS : 0);
  });
  // while style sheets are swapped the page may have no width for a moment, which no observer of
  // sizes sees if it is over before the next paint; so the view looks again when they have settled
  const themed = new MutationObserver(() => {
    for (const delay of [0, 300, 1000, 3000, 8000]) setTimeout(() => { tell(); draw(); }, delay);
  });
  const schemes = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"].map(
    (query) => matchMedia(query),
  );

  stage(latest());
  model.on("change:frame", draw);
  model.on("msg:custom", save);
  model.on("change:spoken", speak);
  resized.observe(root);
  themed.observe(document.body, { attributes: true, attributeFilter: THEMED });
  for (const scheme of schemes) scheme.addEventListener("change", tell);
  window.addEventListener("resize", tell); // another zoom changes the pixel ratio, not the width

  return () => {
    gone = true;
    model.off("change:frame", draw);
    model.off("msg:custom", save);
    model.off("change:spoken", speak);
    built.disconnect();
    resized.disconnect();
    themed.disconnect();
    for (const scheme of schemes) scheme.removeEventListener("change", tell);
    window.removeEventListener("resize", tell);
    clearTimeout(timer);
    if (!busy && url) URL.revokeObjectURL(url);
    root.remove();
  };
}

export default { render };
