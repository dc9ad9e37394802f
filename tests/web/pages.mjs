// SPDX-License-Identifier: Apache-2.0
// pages.mjs BASE CHECK: opens the collector's pages in the system's Chromium and looks, as a reader would.  Exit status 0
// when the check holds; what went wrong is on standard error.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import Pbf from "../../collector/web/node_modules/pbf/index.js";
import { VectorTile } from "../../collector/web/node_modules/@mapbox/vector-tile/index.js";

const [base, wanted] = process.argv.slice(2);
const pictures = process.env.PICTURES; // a folder for screenshots, or nothing
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const desk = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };
const locale = "vi-VN";
const statuses = ["no_signal", "partial", "unstable", "weak", "silent", "unmeasured", "covered"];

async function picture(page, name) {
    if (!pictures) return;
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: `${pictures}/${name}.png` });
}

async function openMap(browser, viewport, path = "/", options = {}) {
    const page = await browser.newPage({ viewport, locale, ...options });
    const problems = [];
    page.on("pageerror", (e) => problems.push(String(e)));
    page.on("console", (m) => m.type() === "error" && problems.push(m.text()));
    page.on("requestfailed", (r) => problems.push(`${r.url()}: ${r.failure().errorText}`));
    await page.goto(base + path);
    await page.waitForSelector("#map[data-ready=yes]", { timeout: 20000 });
    assert.deepEqual(problems, []);
    return page;
}

// Where a hamlet is drawn on the screen, and its properties.
function drawn(page, status) {
    return page.evaluate((want) => {
        const { map, hamlets } = window.phusongMap;
        const size = (at) => 256 * 2 ** (map.getZoom() - at.z);
        for (const { list, at } of hamlets.tiles.values())
            for (const h of list)
                if (h.status === want) {
                    const world = { x: (at.x + h.at.x / 4096) * size(at), y: (at.y + h.at.y / 4096) * size(at) };
                    const where = map.latLngToContainerPoint(map.unproject([world.x, world.y], map.getZoom()));
                    const box = document.getElementById("map").getBoundingClientRect();
                    if (where.x > 60 && where.y > 90 && where.x < box.width - 60 && where.y < box.height - 60)
                        return { x: where.x + box.x, y: where.y + box.y, code: h.code, name: h.name, simulated: h.simulated };
                }
        return null;
    }, status);
}

async function clickAHamlet(browser, viewport, name) {
    const page = await openMap(browser, viewport);
    await picture(page, `map-${name}`);
    await page.evaluate(() => window.phusongMap.map.fitBounds([[21.5, 102.2], [23.4, 106.6]], { animate: false }));
    await page.waitForTimeout(1500);
    await page.locator("#map").scrollIntoViewIfNeeded();
    const hamlet = await drawn(page, "no_signal");
    assert.ok(hamlet, "no hamlet without signal is drawn");
    await picture(page, `four-provinces-${name}`);
    await page.mouse.click(hamlet.x, hamlet.y);
    const link = page.locator(".leaflet-popup .hamlet-link");
    await link.waitFor({ timeout: 5000 });
    assert.match(await page.locator(".leaflet-popup").innerText(), /trắng sóng/);
    await link.click();
    await page.waitForURL(/\/hamlets\//);
    const text = await page.locator("main").innerText();
    assert.match(text, /trắng sóng/);
    assert.match(text, /mô phỏng/);
    assert.match(text, /mẫu/);
    await picture(page, `hamlet-${name}`);
}

async function violations(page) {
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }));
    return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")}`);
}

async function tile(path) {
    const answer = await fetch(base + path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers.get("content-type"), "application/vnd.mapbox-vector-tile");
    return new VectorTile(new Pbf(new Uint8Array(await answer.arrayBuffer())));
}

function tileAt(lat, lon, z) {
    const n = 2 ** z, r = (lat * Math.PI) / 180;
    return [z, Math.floor(((lon + 180) / 360) * n), Math.floor(((1 - Math.asinh(Math.tan(r)) / Math.PI) / 2) * n)].join("/");
}

const checks = {
    click_a_hamlet_on_a_desk: (browser) => clickAHamlet(browser, desk, "desk"),
    click_a_hamlet_on_a_phone: (browser) => clickAHamlet(browser, phone, "phone"),

    async the_map_shows_both_archipelagos(browser) {
        const page = await openMap(browser, desk);
        const text = await page.locator("#map").innerText();
        assert.match(text, /Hoàng Sa/);
        assert.match(text, /Trường Sa/);
        for (const [lat, lon, province] of [[16.5, 112.0, "48"], [9.9, 114.3, "56"]]) {
            const found = (await tile(`/tiles/units/${tileAt(lat, lon, 7)}.mvt`)).layers.provinces;
            assert.ok(found, `nothing is drawn at ${lat} ${lon}`);
            const codes = Array.from({ length: found.length }, (_, i) => found.feature(i).properties.code);
            assert.ok(codes.includes(province), `${codes} at ${lat} ${lon}`);
        }
    },

    async tiles_are_valid_and_small() {
        const units = await tile(`/tiles/units/${tileAt(22.5, 105, 8)}.mvt`);
        assert.ok(units.layers.provinces.length > 2 && units.layers.communes.length > 50);
        for (let i = 0; i < units.layers.provinces.length; i++) {
            const polygons = units.layers.provinces.feature(i).toGeoJSON(201, 111, 8).geometry;
            assert.match(polygons.type, /Polygon/);
        }
        for (let z = 4; z <= 12; z++) {
            const answer = await fetch(`${base}/tiles/units/${tileAt(22.5, 105, z)}.mvt`, { headers: { "accept-encoding": "gzip" } });
            const size = Number(answer.headers.get("content-length"));
            assert.ok(size <= 50 * 1024, `zoom ${z}: ${size} bytes`);
            await answer.arrayBuffer();
        }
    },

    async the_legend_hides_and_shows(browser) {
        const page = await openMap(browser, desk);
        const ink = () => page.evaluate(() => [...window.phusongMap.hamlets.tiles.values()].reduce((sum, { canvas }) => {
            const d = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            let n = 0;
            for (let i = 3; i < d.length; i += 4) n += d[i] > 0;
            return sum + n;
        }, 0));
        const before = await ink();
        for (const s of statuses) await page.uncheck(`input[value=${s}]`);
        assert.equal(await ink(), 0);
        for (const s of statuses) await page.check(`input[value=${s}]`);
        assert.equal(await ink(), before);
        assert.ok(before > 0);
    },

    async the_table_tells_the_same_without_scripts(browser) {
        const context = await browser.newContext({ javaScriptEnabled: false, viewport: phone, locale });
        const page = await context.newPage();
        const summary = await (await fetch(`${base}/api/v1/summary`)).json();
        await page.goto(base);
        const cells = await page.locator("table tr", { hasText: "Cả nước" }).locator("td").allInnerTexts();
        assert.equal(Number(cells[0]), summary.hamlets);
        statuses.forEach((s, i) => assert.equal(Number(cells[i + 1]), summary.by_status[s], s));
        await page.getByRole("link", { name: "Tuyên Quang", exact: true }).click();
        assert.ok((await page.locator("tbody tr").count()) >= 22);
        await page.locator("tbody a").first().click();
        assert.ok(await page.locator("dl.facts").isVisible());
    },

    async reported_hamlets_are_unmeasured(browser) {
        const page = await browser.newPage({ viewport: desk, locale });
        await page.goto(`${base}/provinces/08`);
        const row = page.locator("tr", { hasText: "Há Cá Thình" });
        assert.match(await row.innerText(), /chưa đo/);
        assert.match(await row.innerText(), /trắng sóng/);
    },

    async pages_speak_both_languages(browser) {
        const page = await browser.newPage({ viewport: desk, locale });
        await page.goto(base);
        assert.equal(await page.locator("html").getAttribute("lang"), "vi");
        await page.getByRole("link", { name: "English" }).click();
        assert.equal(await page.locator("html").getAttribute("lang"), "en");
        assert.match(await page.locator("h1").innerText(), /Mobile broadband/);
        assert.match(await page.locator("main").innerText(), /unmeasured/);
    },

    async pages_pass_wcag_aa(browser) {
        const page = await openMap(browser, desk);
        const hamlet = await drawn(page, "no_signal") || await drawn(page, "covered");
        const found = [];
        for (const path of ["/", "/provinces/08", `/hamlets/${hamlet.code}`, "/probes", "/status", "/nothing"]) {
            await page.goto(base + path);
            if (path === "/") await page.waitForSelector("#map[data-ready=yes]");
            found.push(...(await violations(page)).map((v) => `${path} ${v}`));
        }
        assert.deepEqual(found, []);
    },

    async the_first_view_is_light(browser) {
        const page = await browser.newPage({ viewport: phone, locale });
        const session = await page.context().newCDPSession(page);
        let bytes = 0;
        await session.send("Network.enable");
        session.on("Network.loadingFinished", (e) => (bytes += e.encodedDataLength));
        await page.goto(base);
        await page.waitForSelector("#map[data-ready=yes]");
        console.log(`first view: ${bytes} bytes`);
        assert.ok(bytes <= 150 * 1000, `${bytes} bytes`);
    },

    async markup_in_names_stays_text(browser) {
        const page = await browser.newPage({ viewport: desk, locale });
        await page.goto(`${base}/hamlets/${encodeURIComponent("<script>alert(1)</script>")}`);
        assert.equal(await page.locator("main script").count(), 0);
        const answer = await fetch(`${base}/`);
        assert.match(answer.headers.get("content-security-policy"), /default-src 'self'/);
        assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
        for (const path of ["/static/../http.h", "/static/%2e%2e/server.c", "/tiles/units/99/0/0.mvt", "/tiles/units/3/9/0.mvt", "/tiles/x/1/0/0.mvt"])
            assert.equal((await fetch(base + path)).status, 404, path);
    },

    async features_are_geojson() {
        const page = await (await fetch(`${base}/collections/hamlets/items?limit=5&province=08`)).json();
        assert.equal(page.type, "FeatureCollection");
        assert.equal(page.features.length, 5);
        assert.ok(page.numberMatched > 22);
        const next = page.links.find((l) => l.rel === "next");
        assert.match(next.href, /province=08/);
        const second = await (await fetch(base + next.href)).json();
        assert.notEqual(second.features[0].id, page.features[0].id);
        const etag = (await fetch(`${base}/api/v1/provinces`)).headers.get("etag");
        assert.equal((await fetch(`${base}/api/v1/provinces`, { headers: { "if-none-match": etag } })).status, 304);
    },

    async reports_can_be_downloaded() {
        for (const [format, start] of [["html", /<!doctype html>/i], ["csv", /^\ufeff?[a-z_]+,/], ["geojson", /^\{"type":"FeatureCollection"/]]) {
            const answer = await fetch(`${base}/reports/08.${format}?lang=vi`);
            assert.equal(answer.status, 200, format);
            assert.match(await answer.text(), start, format);
        }
        assert.equal((await fetch(`${base}/reports/08.docx`)).status, 404);
        assert.equal((await fetch(`${base}/reports/99.csv`)).status, 404);
    },
};

if (wanted === "list") {
    console.log(Object.keys(checks).join("\n"));
} else {
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
    try {
        await checks[wanted](browser);
    } finally {
        await browser.close();
    }
}
