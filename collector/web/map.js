// SPDX-License-Identifier: Apache-2.0
// The map: our vector tiles on canvases in Leaflet, which needs no WebGL and 42 kB.  There is no foreign
// background: what is drawn is the reference boundaries, always whole, and the hamlets.
import Pbf from "./lib/pbf.js";
import { VectorTile } from "./lib/vector-tile.js";
import { draw, order } from "./symbols.js";

const L = window.L;
const element = document.getElementById("map");
const words = JSON.parse(element.dataset.words); // the catalogue's texts for this page
const bounds = JSON.parse(element.dataset.bounds); // [[south, west], [north, east]]
const prefix = element.dataset.prefix || "/";
const TILE = 256;
const EXTENT = 4096;
const shown = new Set(order);

const map = L.map(element, {
    minZoom: 4,
    maxZoom: 15,
    maxBounds: [[0, 95], [28, 125]],
    attributionControl: false,
    zoomSnap: 0.5,
});
L.control.attribution({ prefix: false }).addAttribution(words.attribution).addTo(map);
L.control.scale({ imperial: false }).addTo(map);
map.zoomControl.getContainer().querySelectorAll("a").forEach((a, i) => {
    const text = i ? words.zoom_out : words.zoom_in;
    a.title = text;
    a.setAttribute("aria-label", text);
});

function path(c, rings, scale) {
    c.beginPath();
    for (const ring of rings) {
        ring.forEach((p, i) => (i ? c.lineTo(p.x * scale, p.y * scale) : c.moveTo(p.x * scale, p.y * scale)));
        c.closePath();
    }
}

function features(tile, name) {
    const layer = tile.layers[name];
    return layer ? Array.from({ length: layer.length }, (_, i) => layer.feature(i)) : [];
}

// --- boundaries --------------------------------------------------------------------------------------
const Boundaries = L.GridLayer.extend({
    createTile(at, done) {
        const canvas = canvasOf();
        fetchTile("units", at).then((tile) => {
            if (tile) paintUnits(canvas.getContext("2d"), tile);
            done(null, canvas);
        }, (error) => done(error, canvas));
        return canvas;
    },
});

function canvasOf() {
    const canvas = document.createElement("canvas");
    const ratio = window.devicePixelRatio || 1;
    canvas.width = canvas.height = TILE * ratio;
    canvas.style.width = canvas.style.height = `${TILE}px`;
    canvas.getContext("2d").scale(ratio, ratio);
    return canvas;
}

async function fetchTile(layer, at) {
    const most = 2 ** at.z;
    if (at.x < 0 || at.y < 0 || at.x >= most || at.y >= most) return null;
    const answer = await fetch(`${prefix}tiles/${layer}/${at.z}/${at.x}/${at.y}.mvt`);
    if (!answer.ok) throw new Error(`${answer.status}`);
    return new VectorTile(new Pbf(await answer.arrayBuffer()));
}

function paintUnits(c, tile) {
    const scale = TILE / EXTENT;
    for (const f of features(tile, "provinces")) {
        path(c, f.loadGeometry(), scale);
        c.fillStyle = "#fbfaf5";
        c.fill("evenodd");
    }
    for (const f of features(tile, "communes")) {
        path(c, f.loadGeometry(), scale);
        c.lineWidth = 0.6;
        c.strokeStyle = "#b9c1c8";
        c.stroke();
    }
    for (const f of features(tile, "provinces")) {
        path(c, f.loadGeometry(), scale);
        c.lineWidth = 1.3;
        c.strokeStyle = "#7d6b57";
        c.stroke();
    }
}

// --- hamlets -------------------------------------------------------------------------------------------
const Hamlets = L.GridLayer.extend({
    initialize(options) {
        L.GridLayer.prototype.initialize.call(this, options);
        this.tiles = new Map();
        this.on("tileunload", (e) => this.tiles.delete(this.key(e.coords)));
    },
    key: (at) => `${at.z}/${at.x}/${at.y}`,
    createTile(at, done) {
        const canvas = canvasOf();
        fetchTile("hamlets", at).then((tile) => {
            const list = tile ? features(tile, "hamlets").map((f) => ({ ...f.properties, at: f.loadGeometry()[0][0] })) : [];
            this.tiles.set(this.key(at), { list, canvas, at });
            this.paint(canvas, list, at.z);
            done(null, canvas);
        }, (error) => done(error, canvas));
        return canvas;
    },
    paint(canvas, list, zoom) {
        const c = canvas.getContext("2d");
        const scale = TILE / EXTENT;
        const radius = zoom < 7 ? 4 : zoom < 9 ? 6 : 8.5;
        c.clearRect(0, 0, TILE, TILE);
        for (const h of [...list].sort((a, b) => order.indexOf(b.status) - order.indexOf(a.status)))
            if (shown.has(h.status)) draw(c, h.status, h.at.x * scale, h.at.y * scale, radius);
    },
    repaint() {
        for (const { list, canvas, at } of this.tiles.values()) this.paint(canvas, list, at.z);
    },
    // The hamlet nearest to a place on the screen, at most 16 pixels away.
    near(latlng) {
        const zoom = map.getZoom();
        const here = map.project(latlng, zoom);
        let best = null, least = 16;
        for (const { list, at } of this.tiles.values()) {
            const size = TILE * 2 ** (zoom - at.z);
            for (const h of list) {
                if (!shown.has(h.status)) continue;
                const d = Math.hypot((at.x + h.at.x / EXTENT) * size - here.x, (at.y + h.at.y / EXTENT) * size - here.y);
                if (d < least) [best, least] = [h, d];
            }
        }
        return best;
    },
});

function popup(hamlet) {
    const box = document.createElement("div");
    const name = document.createElement("a");
    name.href = `${prefix}hamlets/${encodeURIComponent(hamlet.code)}`;
    name.textContent = hamlet.name;
    name.className = "hamlet-link";
    const status = document.createElement("div");
    status.textContent = words[hamlet.status] || hamlet.status;
    box.append(name, status);
    if (hamlet.simulated) {
        const tag = document.createElement("div");
        tag.className = "tag";
        tag.textContent = words.simulated;
        box.append(tag);
    }
    return box;
}

const boundaries = new Boundaries({ minZoom: 4, maxNativeZoom: 12, attribution: "" }).addTo(map);
const hamlets = new Hamlets({ minZoom: 4, maxNativeZoom: 12, zIndex: 5 }).addTo(map);

map.on("click", (e) => {
    const hamlet = hamlets.near(e.latlng);
    if (hamlet) L.popup({ maxWidth: 260 }).setLatLng(e.latlng).setContent(popup(hamlet)).openOn(map);
});
map.on("mousemove", (e) => {
    element.style.cursor = hamlets.near(e.latlng) ? "pointer" : "";
});

// Both archipelagos carry their names at every zoom.
for (const [text, at] of [[words.hoang_sa, [16.45, 112.0]], [words.truong_sa, [9.5, 113.6]]])
    L.tooltip({ permanent: true, direction: "center", className: "place-label", interactive: false })
        .setLatLng(at).setContent(text).addTo(map);

for (const box of document.querySelectorAll("input[name=show-status]")) {
    box.addEventListener("change", () => {
        if (box.checked) shown.add(box.value);
        else shown.delete(box.value);
        hamlets.repaint();
    });
}

map.fitBounds(bounds);
let waiting = 2;
for (const layer of [boundaries, hamlets])
    layer.once("load", () => {
        if (--waiting === 0) element.dataset.ready = "yes"; // for tests and screenshots
    });
window.phusongMap = { map, hamlets };
