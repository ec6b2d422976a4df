"use strict";
const { images, channel: c0, plane: p0, channels, slices } = JSON.parse(document.getElementById("store").textContent);
const state = { channel: c0, plane: p0 };

/* The page carries the images it starts with in its elements only, not a second time in the store. */
for (const img of document.querySelectorAll("img[data-layer][src]")) {
  const layer = images[img.dataset.layer];
  if (layer) (layer.length === 1 ? layer[0] : layer[c0])[p0] ??= img.getAttribute("src");
}

function show() {
  for (const img of document.querySelectorAll("img[data-layer]")) {
    const layer = images[img.dataset.layer];
    const one = layer.length === 1;
    const uri = (one ? layer[0] : layer[state.channel])[state.plane];
    if (img.getAttribute("src") !== uri) img.setAttribute("src", uri);
    const slice = slices ? `, slice z = ${slices[state.plane]}` : "";
    const common = img.dataset.layer === "tokens" || img.dataset.layer.startsWith("exceed");
    img.alt = img.dataset.words + (common ? "" : `, channel ${channels[state.channel]}`) + slice;
  }
  for (const part of document.querySelectorAll("[data-channel]")) part.hidden = Number(part.dataset.channel) !== state.channel;
  for (const tab of document.querySelectorAll("[data-tab]")) {
    const chosen = Number(tab.dataset.tab) === state.channel;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
  document.getElementById("view").setAttribute("aria-labelledby", `tab-${state.channel}`);
  if (slices) {
    const z = slices[state.plane];
    document.getElementById("slice-words").textContent = `z = ${z}`;
    document.getElementById("slice").setAttribute("aria-valuetext", `z = ${z}`);
    for (const box of document.querySelectorAll("[data-z0]")) box.hidden = z < Number(box.dataset.z0) || z >= Number(box.dataset.z1);
  }
}

/* channel */
const tabs = [...document.querySelectorAll("[data-tab]")];
for (const tab of tabs) {
  tab.addEventListener("click", () => { state.channel = Number(tab.dataset.tab); show(); });
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step ? (state.channel + step + tabs.length) % tabs.length : { Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    state.channel = next;
    show();
    tabs[next].focus();
  });
}

/* slice */
const slice = document.getElementById("slice");
if (slice) slice.addEventListener("input", () => { state.plane = Number(slice.value); show(); });
for (const button of document.querySelectorAll("[data-plane]")) {
  button.addEventListener("click", () => { slice.value = button.dataset.plane; state.plane = Number(slice.value); show(); });
}

/* noisy beside denoised */
const compare = document.getElementById("compare");
const over = document.querySelector(".over");
let words = "denoised";
function divide() {
  compare.parentElement.style.setProperty("--at", `${compare.value}%`);
  compare.setAttribute("aria-valuetext", `${Math.round(compare.value)} % noisy, ${Math.round(100 - compare.value)} % ${words}`);
}
compare.addEventListener("input", divide);
for (const choice of document.querySelectorAll("input[name=over]")) {
  choice.addEventListener("change", () => {
    words = choice.dataset.words;
    over.dataset.layer = choice.value;
    over.dataset.words = { median: "Denoised image", mean: "Estimated mean", reference: "Reference", lower: "Lower end of the interval", upper: "Upper end of the interval" }[choice.value];
    document.getElementById("over-words").textContent = words;
    divide();
    show();
  });
}

/* a region of the table in its map */
for (const row of document.querySelectorAll("[data-pick]")) {
  const box = document.getElementById(row.dataset.pick);
  for (const name of ["mouseenter", "focusin"]) row.addEventListener(name, () => box.classList.add("on"));
  for (const name of ["mouseleave", "focusout"]) row.addEventListener(name, () => box.classList.remove("on"));
}

/* one token alone: everything else is veiled */
const map = document.getElementById("token-map");
const veil = document.getElementById("token-veil");
const buttons = [...document.querySelectorAll("[data-token]")];
let alone = null;
function pixels() {
  const canvas = document.createElement("canvas");
  canvas.width = map.naturalWidth;
  canvas.height = map.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(map, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
const channelsOf = (colour) => [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));
function isolate() {
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.token === alone));
  if (!map.complete || !map.naturalWidth) return;
  veil.width = map.naturalWidth;
  veil.height = map.naturalHeight;
  if (alone === null) return;
  const [r, g, b] = channelsOf(alone);
  const data = pixels();
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? 26 : 246;
  for (let i = 0; i < data.data.length; i += 4) {
    const same = data.data[i] === r && data.data[i + 1] === g && data.data[i + 2] === b;
    data.data.set([dark, dark, dark, same ? 0 : 218], i);
  }
  veil.getContext("2d").putImageData(data, 0, 0);
}
for (const button of buttons) {
  button.addEventListener("click", () => { alone = alone === button.dataset.token ? null : button.dataset.token; isolate(); });
}
veil.addEventListener("click", (event) => {
  const frame = veil.getBoundingClientRect();
  const data = pixels();
  const x = Math.min(data.width - 1, Math.floor((event.clientX - frame.left) / frame.width * data.width));
  const y = Math.min(data.height - 1, Math.floor((event.clientY - frame.top) / frame.height * data.height));
  const at = 4 * (y * data.width + x);
  const colour = "#" + [0, 1, 2].map((k) => data.data[at + k].toString(16).padStart(2, "0")).join("");
  alone = alone === colour ? null : colour;
  isolate();
});
map.addEventListener("load", isolate);

divide();
show();
