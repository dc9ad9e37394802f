// SPDX-License-Identifier: Apache-2.0
// The sign of each status on a canvas: the same shapes as the server draws as SVG in the tables, so
// that a reader who does not see colours reads the map, too.

export const colours = {
    no_signal: "#b2182b",
    partial: "#d95f02",
    unstable: "#6a3d9a",
    weak: "#a67c00",
    covered: "#1a7f37",
    unmeasured: "#5b6770",
    silent: "#3b4148",
};

// From the one that matters most to the one that matters least.
export const order = ["no_signal", "partial", "unstable", "weak", "silent", "unmeasured", "covered"];

const inner = {
    no_signal(c, r) { // a cross
        const d = r * 0.45;
        c.moveTo(-d, -d); c.lineTo(d, d);
        c.moveTo(d, -d); c.lineTo(-d, d);
    },
    unstable(c, r) { // a zigzag
        c.moveTo(-r * 0.62, r * 0.25); c.lineTo(-r * 0.22, -r * 0.35);
        c.lineTo(r * 0.2, r * 0.35); c.lineTo(r * 0.62, -r * 0.25);
    },
    weak(c, r) { // low steps
        c.moveTo(-r * 0.4, r * 0.45); c.lineTo(-r * 0.4, r * 0.1);
        c.moveTo(0, r * 0.45); c.lineTo(0, -r * 0.15);
    },
    covered(c, r) { // a tick
        c.moveTo(-r * 0.45, 0); c.lineTo(-r * 0.1, r * 0.4); c.lineTo(r * 0.5, -r * 0.4);
    },
    silent(c, r) { // a bar
        c.moveTo(-r * 0.5, 0); c.lineTo(r * 0.5, 0);
    },
};

export function draw(c, status, x, y, r) {
    const colour = colours[status] || colours.unmeasured;
    c.save();
    c.translate(x, y);
    c.lineWidth = 1.6;
    c.beginPath();
    if (status === "silent") c.rect(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8);
    else c.arc(0, 0, r, 0, 2 * Math.PI);
    c.fillStyle = status === "unmeasured" || status === "partial" ? "#ffffff" : colour;
    c.fill();
    if (status === "unmeasured") c.setLineDash([3, 2.2]);
    c.strokeStyle = status === "unmeasured" || status === "partial" ? colour : "#ffffff";
    c.stroke();
    c.setLineDash([]);
    if (status === "partial") { // one half filled
        c.beginPath();
        c.arc(0, 0, r - 0.8, Math.PI / 2, -Math.PI / 2);
        c.closePath();
        c.fillStyle = colour;
        c.fill();
    }
    if (inner[status]) {
        c.beginPath();
        inner[status](c, r);
        c.lineWidth = Math.max(1.4, r * 0.26);
        c.lineCap = "round";
        c.strokeStyle = "#ffffff";
        c.stroke();
    }
    c.restore();
}
