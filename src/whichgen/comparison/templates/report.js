"use strict";
// What a script adds to the page: values on the charts, a scatter of one's choice, other seeds,
// recipes and types among the samples, and the real images nearest to one. Without it the page
// shows the same comparison, for one seed.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const colours = { gan: "var(--gan)", dgn: "var(--dgn)" };

  function make(tag, attributes = {}, ...children) {
    const drawn = ["svg", "g", "line", "circle", "rect", "path", "text"].includes(tag);
    const node = drawn
      ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function choice(name, options, chosen, changed) {
    const select = make("select", { id: `choose-${name.replaceAll(" ", "-")}` });
    for (const [value, text] of options) select.append(new Option(text, value, false, value === chosen));
    select.addEventListener("change", () => changed(select.value));
    return make("label", {}, `${name} `, select);
  }

  const prefixes = [["P", 1e15], ["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e4]];
  function written(value) {
    if (value === null || value === undefined) return "n/a";
    const [prefix, size] = prefixes.find(([, size]) => Math.abs(value) >= size) ?? ["", 1];
    const unit = prefix === "k" ? 1e3 : size;
    return `${Number((value / unit).toPrecision(3))}${prefix && ` ${prefix}`}`;
  }

  // --- one stop for Tab, arrow keys among its members --------------------------------------------
  function rove(members) {
    members.forEach((member, i) => {
      member.setAttribute("tabindex", i ? "-1" : "0");
      member.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const next = members[(i + step + members.length) % members.length];
        members.forEach((other) => other.setAttribute("tabindex", other === next ? "0" : "-1"));
        next.focus();
      });
    });
  }

  // --- values on the charts ----------------------------------------------------------------------
  const tip = find("#tip");
  function showTip(mark) {
    tip.textContent = mark.getAttribute("aria-label");
    tip.hidden = false;
    const at = mark.getBoundingClientRect();
    const left = at.left + at.width / 2 - tip.offsetWidth / 2;
    const right = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(left, right)) + window.scrollX}px`;
    const above = at.top - tip.offsetHeight - 6;
    tip.style.top = `${(above > 0 ? above : at.bottom + 6) + window.scrollY}px`;
  }
  function hideTip() {
    tip.hidden = true;
  }
  function readable(svg) {
    const marks = all(".mark", svg);
    for (const mark of marks) {
      find("title", mark)?.remove(); // or the browser shows it a second time
      mark.addEventListener("pointerenter", () => showTip(mark));
      mark.addEventListener("pointerleave", hideTip);
      mark.addEventListener("focus", () => showTip(mark));
      mark.addEventListener("blur", hideTip);
    }
    rove(marks);
  }
  document.addEventListener("keydown", (event) => event.key === "Escape" && hideTip());

  // --- a scatter of any two measurements ----------------------------------------------------------
  const size = { width: 520, height: 360, left: 62, right: 22, top: 20, bottom: 48 };

  function scale(values, from, to) {
    let low = Math.min(...values);
    let high = Math.max(...values);
    const log = low > 0 && high / low > 30;
    const warp = log ? Math.log : (x) => x;
    const room = 0.08 * (warp(high) - warp(low)) || 0.1 * Math.abs(warp(high)) || 1;
    [low, high] = [warp(low) - room, warp(high) + room];
    const place = (x) => from + ((warp(x) - low) / (high - low)) * (to - from);
    return { place, ticks: log ? logTicks(Math.exp(low), Math.exp(high)) : ticks(low, high) };
  }
  function ticks(low, high) {
    const rough = (high - low) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const count = Math.floor(high / step) - Math.ceil(low / step) + 1;
    return Array.from({ length: count }, (_, i) => (Math.ceil(low / step) + i) * step);
  }
  function logTicks(low, high) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1)
      for (const factor of [1, 2, 5]) found.push(factor * 10 ** power);
    const inside = found.filter((tick) => tick >= low && tick <= high);
    return inside.length > 8 ? inside.filter((tick) => Number.isInteger(Math.log10(tick))) : inside;
  }

  function loss(axis, value) {
    const { better } = data.axes[axis];
    if (better.startsWith("near")) return Math.abs(value - Number(better.slice(5)));
    return better === "lower" ? value : -value;
  }
  function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  }
  function medians(points) {
    return [...new Set(points.map((point) => point.recipe))].map((recipe) => {
      const mine = points.filter((point) => point.recipe === recipe);
      const [x, y] = ["x", "y"].map((side) => median(mine.map((point) => point[side])));
      return { recipe, family: mine[0].family, x, y, seeds: mine.length };
    });
  }
  function frontOf(middles, x, y) {
    const losses = (point) => [loss(x, point.x), loss(y, point.y)];
    const beats = (a, b) => {
      const [one, two] = [losses(a), losses(b)];
      return one.every((value, i) => value <= two[i]) && one.some((value, i) => value < two[i]);
    };
    const front = middles.filter((point) => !middles.some((other) => beats(other, point)));
    return front.sort((a, b) => a.x - b.x);
  }

  function dot(point, radius, across, up, words, opacity) {
    const [cx, cy] = [across.place(point.x), up.place(point.y)];
    const style = { fill: colours[point.family], "fill-opacity": opacity };
    const shape =
      point.family === "gan"
        ? make("circle", { cx, cy, r: radius, ...style })
        : make("rect", { x: cx - radius, y: cy - radius, width: 2 * radius, height: 2 * radius, ...style });
    const mark = make("circle", { class: "mark", role: "img", cx, cy, r: radius + 4, "aria-label": words });
    return [shape, mark];
  }
  function drawAxis(svg, side, axis, { place, ticks: at }) {
    const { name, better, floor } = data.axes[axis];
    const [w, h] = [size.width - size.right, size.height - size.bottom];
    const line = (p, kind) =>
      make("line", side === "x"
        ? { class: kind, x1: p, x2: p, y1: size.top, y2: h }
        : { class: kind, x1: size.left, x2: w, y1: p, y2: p });
    for (const tick of at) {
      const p = place(tick);
      const where = side === "x" ? { x: p, y: h + 18, "text-anchor": "middle" } : { x: size.left - 8, y: p + 4, "text-anchor": "end" };
      svg.append(line(p, "grid"), make("text", where, written(tick)));
    }
    if (floor !== null) {
      const where = side === "x" ? { x: place(floor), y: size.top - 4, "text-anchor": "middle" } : { x: w, y: place(floor) - 4, "text-anchor": "end" };
      svg.append(line(place(floor), "floor"), make("text", where, `floor ${written(floor)}`));
    }
    const title = `${name} (${better} is better)`;
    const where = side === "x"
      ? { x: (size.left + w) / 2, y: size.height - 8 }
      : { transform: `translate(13 ${(size.top + h) / 2}) rotate(-90)` };
    svg.append(make("text", { ...where, "text-anchor": "middle" }, title));
  }

  function drawScatter(x, y) {
    const caption = `${data.axes[y].name} against ${data.axes[x].name}`;
    const points = data.runs
      .map((run) => ({ ...run, x: run.values[x], y: run.values[y] }))
      .filter((run) => run.x !== null && run.y !== null);
    const svg = make("svg", { class: "chart", role: "group", "aria-label": caption, viewBox: `0 0 ${size.width} ${size.height}` });
    if (!points.length) {
      svg.append(make("text", { x: size.left, y: 60 }, "No run has both."));
      return [caption, svg];
    }
    const span = (side, axis) => [...points.map((p) => p[side]), data.axes[axis].floor].filter((v) => v !== null);
    const across = scale(span("x", x), size.left, size.width - size.right);
    const up = scale(span("y", y), size.height - size.bottom, size.top);
    drawAxis(svg, "x", x, across);
    drawAxis(svg, "y", y, up);
    const middles = medians(points);
    const front = frontOf(middles, x, y);
    const path = front.map((p) => `${across.place(p.x)} ${up.place(p.y)}`).join(" L ");
    svg.append(make("path", { class: "front", d: `M ${path}` }));
    const words = (p) => `${data.axes[x].name} ${written(p.x)}, ${data.axes[y].name} ${written(p.y)}`;
    for (const p of points) svg.append(...dot(p, 4, across, up, `${p.recipe}, seed ${p.seed}: ${words(p)}`, 0.4));
    const named = [];
    for (const p of middles) {
      svg.append(...dot(p, 7, across, up, `${p.recipe}, median of ${p.seeds}: ${words(p)}`, 1));
      if (middles.length > 6 && !front.includes(p)) continue;
      const [px, py] = [across.place(p.x), up.place(p.y)];
      if (named.some(([x0, y0]) => Math.abs(px - x0) < 90 && Math.abs(py - y0) < 14)) continue;
      named.push([px, py]);
      const far = px > size.width - 110;
      const at = { x: px + (far ? -12 : 12), y: py - 9, "text-anchor": far ? "end" : "start" };
      svg.append(make("text", { class: "name", fill: colours[p.family], ...at }, p.recipe));
    }
    return [caption, svg];
  }

  function scatter() {
    const figure = find("#tradeoff");
    if (!figure) return;
    const chosen = { x: "coverage", y: "fd" };
    const keys = Object.keys(data.axes);
    for (const side of ["x", "y"]) if (!keys.includes(chosen[side])) chosen[side] = keys[0];
    const draw = () => {
      size.width = Math.min(Math.max(figure.clientWidth - 28, 300), 620);
      const [caption, svg] = drawScatter(chosen.x, chosen.y);
      find("figcaption", figure).textContent = caption;
      find("svg", figure).replaceWith(svg);
      readable(svg);
    };
    const options = keys.map((key) => [key, data.axes[key].name]);
    const pick = (side, name) => choice(name, options, chosen[side], (key) => { chosen[side] = key; draw(); });
    window.addEventListener("resize", draw);
    find("figcaption", figure).after(make("div", { class: "controls" }, pick("y", "Upwards"), pick("x", "Across")));
    draw();
  }

  // --- samples: seed, type, recipe; a click shows what is nearest ---------------------------------
  const chosen = { seed: null, type: "", ...Object.fromEntries(Object.entries(data.shown).map(([family, [recipe]]) => [family, recipe])) };
  const images = new Map();
  function decoded(uri) {
    if (!images.has(uri)) {
      const image = new Image();
      image.src = uri;
      images.set(uri, image.decode().then(() => image));
    }
    return images.get(uri);
  }
  function cut(image, index) {
    const side = image.naturalWidth / data.columns;
    const canvas = make("canvas", { width: side, height: side });
    const [x, y] = [(index % data.columns) * side, Math.floor(index / data.columns) * side];
    canvas.getContext("2d").drawImage(image, x, y, side, side, 0, 0, side, side);
    return canvas;
  }
  const typeName = (index) => data.types[index] ?? String(index);
  const sheetOf = (family) =>
    data.sheets.find((sheet) => sheet.recipe === chosen[family] && sheet.seed === chosen.seed);

  function rowsOf(sheet) {
    const every = Array.from({ length: sheet.count }, (_, i) => i);
    if (chosen.type === "" || !sheet.types.length) return every.slice(0, 64);
    return every.filter((i) => String(sheet.types[i]) === chosen.type);
  }

  async function showNearest(sheet, index) {
    const panel = find("#nearest");
    const asked = sheet.types.length ? `, asked for ${typeName(sheet.types[index])}` : "";
    const near = sheet.to_train[index] < sheet.to_held_out[index] ? "training" : "held-out";
    const pieces = [
      [sheet.samples, `Sample${asked}`],
      [sheet.train, `Nearest training ${data.noun}, at ${sheet.to_train[index]}`],
      [sheet.held_out, `Nearest held-out ${data.noun}, at ${sheet.to_held_out[index]}`],
    ];
    const figures = await Promise.all(
      pieces.map(async ([uri, words]) =>
        make("figure", { class: "pixels" }, cut(await decoded(uri), index), make("figcaption", {}, words))));
    const heading = `The ${near} ${data.noun} is nearer: ${sheet.recipe}, seed ${sheet.seed}`;
    panel.replaceChildren(make("h3", {}, heading), make("div", { class: "triplet" }, ...figures));
    panel.hidden = false;
  }

  async function fill(figure, sheet, words) {
    const rows = rowsOf(sheet);
    const image = await decoded(sheet.samples);
    const tiles = rows.map((index) => {
      const canvas = cut(image, index);
      if (!sheet.train) return canvas;
      const asked = sheet.types.length ? `, type ${typeName(sheet.types[index])}` : "";
      const button = make("button", { type: "button", "aria-label": `sample ${index + 1}${asked}: show what is nearest` }, canvas);
      button.addEventListener("click", () => showNearest(sheet, index));
      return button;
    });
    if (sheet.train) rove(tiles);
    const kind = sheet.train ? "group" : "img";
    const note = chosen.type !== "" && !sheet.types.length ? " (takes no types)" : "";
    find("figcaption", figure).textContent = `${words}${note}`;
    find("img, .tiles, p", figure).replaceWith(make("div", { class: "tiles", role: kind, "aria-label": words }, ...tiles));
  }
  function missing(figure, words) {
    find("figcaption", figure).textContent = words;
    find("img, .tiles, p", figure).replaceWith(make("p", { class: "soft" }, "Not in this file: the run failed, was not scored, or was left out to keep the file small."));
  }

  function showSamples() {
    const asked = chosen.type === "" ? "" : `, type ${typeName(chosen.type)}`;
    for (const family of ["real", "gan", "dgn"]) {
      const figure = find(`#grids .${family}`);
      const walk = find(`#walks .${family}`);
      const sheet = family === "real" ? data.real : sheetOf(family);
      const name = `${family.toUpperCase()} (${chosen[family]}), seed ${chosen.seed}`;
      const words = family === "real" ? `Real, held out${asked}` : `${name}${asked}`;
      if (figure && sheet) fill(figure, sheet, words);
      else if (figure) missing(figure, words);
      if (!walk || family === "real") continue;
      if (!sheet?.strips) missing(walk, name);
      else {
        find("figcaption", walk).textContent = name;
        find("img, p", walk).replaceWith(make("img", { alt: `${name}: interpolations`, src: sheet.strips }));
      }
    }
  }

  function samples() {
    const form = find("#controls");
    if (!form || !data.sheets.length) return;
    const set = (key, read = (value) => value) => (value) => { chosen[key] = read(value); showSamples(); };
    const seeds = [...new Set(data.sheets.map((sheet) => sheet.seed))].sort((a, b) => a - b);
    chosen.seed = Object.values(data.shown)[0]?.[1] ?? seeds[0];
    form.append(choice("Seed", seeds.map((seed) => [seed, seed]), chosen.seed, set("seed", Number)));
    if (data.types.length) {
      const options = [["", "as they come"], ...data.types.map((name, i) => [String(i), name])];
      form.append(choice("Type", options, "", set("type")));
    }
    for (const family of ["gan", "dgn"]) {
      const recipes = [...new Set(data.sheets.filter((s) => s.family === family).map((s) => s.recipe))];
      const name = `${family.toUpperCase()} recipe`;
      if (recipes.length > 1) form.append(choice(name, recipes.map((r) => [r, r]), chosen[family], set(family)));
    }
    const left = data.runs.length - data.sheets.length;
    if (left > 0) form.append(make("span", { class: "soft" }, `Samples of ${data.sheets.length} of ${data.runs.length} runs are in this file.`));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    showSamples();
  }

  // --- language: the style sheet switches; this begins with the reader's own ----------------------
  function language() {
    const chinese = find("#in-chinese");
    const note = () => { document.documentElement.lang = chinese.checked ? "zh" : "en"; };
    chinese.checked = navigator.language.startsWith("zh");
    all("input[name=language]").forEach((input) => input.addEventListener("change", note));
    note();
  }

  document.documentElement.classList.add("scripted");
  language();
  all("svg.chart").forEach(readable);
  scatter();
  samples();
})();
