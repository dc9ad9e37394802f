/* SPDX-License-Identifier: Apache-2.0 */
/* Pages are made on the server, so that each works without JavaScript; scripts only add the map. */
#include "html.h"

#include "../i18n.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void html_text(struct buf *b, const char *text)
{
	for (const char *p = text ? text : ""; *p;) {
		size_t plain = strcspn(p, "&<>\"'");

		buf_put(b, p, plain);
		p += plain;
		switch (*p) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		case '\'':
			buf_puts(b, "&#39;");
			break;
		default:
			return;
		}
		p++;
	}
}

void html_textf(struct buf *b, const char *format, ...)
{
	char text[1024];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	html_text(b, text);
}

/* --- the frame ------------------------------------------------------------------------------------------ */

static void put_nav(const struct request *q, struct buf *b, const char *path, const char *section,
	const char *current, const char *text)
{
	(void)q;
	buf_printf(b, "<a href=\"%s\"%s>", path,
		!strcmp(section, current) ? " aria-current=\"page\"" : "");
	html_text(b, text);
	buf_puts(b, "</a>");
}

static void put_lang_switch(const struct request *q, struct buf *b)
{
	const char *other = !strcmp(q->lang, "vi") ? "en" : "vi";

	buf_puts(b, "<a class=\"lang\" hreflang=\"");
	buf_puts(b, other);
	buf_puts(b, "\" href=\"");
	html_text(b, q->path);
	buf_printf(b, "?lang=%s\">%s</a>", other, !strcmp(other, "en") ? "English" : "Tiếng Việt");
}

void html_begin(
	const struct request *q, struct reply *r, const char *title, const char *section, bool map)
{
	struct buf *b = &r->body;

	buf_printf(b, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
		q->lang);
	buf_puts(b, "<meta name=\"viewport\" content=\"width=device-width, "
		    "initial-scale=1\">\n<title>");
	html_text(b, title);
	buf_puts(b, " · phusong</title>\n<link rel=\"icon\" href=\"/static/icon.svg\">\n");
	if (map)
		buf_puts(b, "<link rel=\"stylesheet\" href=\"/static/lib/leaflet.css\">\n");
	buf_puts(b, "<link rel=\"stylesheet\" href=\"/static/style.css\">\n</head>\n<body>\n<a "
		    "class=\"skip\" href=\"#main\">");
	html_text(b, i18n(TR_SKIP, q->lang));
	buf_puts(b, "</a>\n<header class=\"top\"><a class=\"brand\" href=\"/\">phusong</a><nav "
		    "aria-label=\"");
	html_text(b, i18n(TR_NAVIGATION, q->lang));
	buf_puts(b, "\">");
	put_nav(q, b, "/", section, "map", i18n(TR_NAV_MAP, q->lang));
	put_nav(q, b, "/probes", section, "probes", i18n(TR_NAV_PROBES, q->lang));
	put_nav(q, b, "/status", section, "status", i18n(TR_NAV_STATUS, q->lang));
	buf_puts(b, "</nav>");
	put_lang_switch(q, b);
	buf_puts(b, "</header>\n<main id=\"main\">\n<h1>");
	html_text(b, title);
	buf_puts(b, "</h1>\n");
}

void html_end(const struct request *q, struct reply *r, const char *scripts)
{
	struct buf *b = &r->body;

	buf_puts(b, "</main>\n<footer class=\"end\"><p>");
	html_text(b, i18n(TR_NOT_CONFORMITY, q->lang));
	buf_puts(b, "</p><p>");
	html_text(b, i18n(TR_BOUNDARY_NOTE, q->lang));
	buf_puts(b, "</p></footer>\n");
	while (scripts && *scripts) {
		size_t n = strcspn(scripts, " ");
		bool module = !memchr(scripts, '/', n);

		buf_printf(b, "<script%s src=\"/static/%.*s\"></script>\n",
			module ? " type=\"module\"" : "", (int)n, scripts);
		scripts += n + strspn(scripts + n, " ");
	}
	buf_puts(b, "</body>\n</html>\n");
}

/* --- pieces -------------------------------------------------------------------------------------------------- */

/* The signs of collector/web/symbols.js, as SVG in a box from -10 to 10. */
static const struct {
	const char *status, *sign;
} signs[] = {
	{ "no_signal", "<circle r=\"9\" fill=\"#b2182b\"/><path d=\"M-4-4 4 4M4-4-4 4\" "
		       "stroke=\"#fff\" stroke-width=\"2.4\"/>" },
	{ "partial", "<circle r=\"8\" fill=\"#fff\" stroke=\"#d95f02\" stroke-width=\"2\"/><path "
		     "d=\"M0 8A8 8 0 0 1 0-8Z\" fill=\"#d95f02\"/>" },
	{ "unstable", "<circle r=\"9\" fill=\"#6a3d9a\"/><path d=\"M-6 2-2-3 2 3 6-2\" "
		      "fill=\"none\" stroke=\"#fff\" stroke-width=\"2.2\"/>" },
	{ "weak", "<circle r=\"9\" fill=\"#a67c00\"/><path d=\"M-4 4V1M0 4V-2\" stroke=\"#fff\" "
		  "stroke-width=\"2.4\"/>" },
	{ "covered", "<circle r=\"9\" fill=\"#1a7f37\"/><path d=\"M-4 0-1 4 5-4\" fill=\"none\" "
		     "stroke=\"#fff\" stroke-width=\"2.4\"/>" },
	{ "unmeasured", "<circle r=\"8\" fill=\"#fff\" stroke=\"#5b6770\" stroke-width=\"2\" "
			"stroke-dasharray=\"4 3\"/>" },
	{ "silent", "<rect x=\"-8\" y=\"-8\" width=\"16\" height=\"16\" fill=\"#3b4148\"/><path "
		    "d=\"M-5 0H5\" stroke=\"#fff\" stroke-width=\"2.4\"/>" },
};

void html_status(struct buf *b, const char *status, const char *lang)
{
	buf_puts(b, "<span class=\"status\"><svg viewBox=\"-10 -10 20 20\" aria-hidden=\"true\">");
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (!strcmp(signs[i].status, status))
			buf_puts(b, signs[i].sign);
	buf_puts(b, "</svg>");
	html_text(b, i18n_status(status, lang));
	buf_puts(b, "</span>");
}

void html_table_begin(struct buf *b, const char *caption, const char *const columns[])
{
	buf_puts(b, "<div class=\"scroll\"><table>\n<caption>");
	html_text(b, caption);
	buf_puts(b, "</caption>\n<thead><tr>");
	for (; *columns; columns++) {
		bool number = **columns == '#';

		buf_printf(b, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
		html_text(b, *columns + number);
		buf_puts(b, "</th>");
	}
	buf_puts(b, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct buf *b)
{
	buf_puts(b, "</tbody></table></div>\n");
}

void html_fact(struct buf *b, const char *term, const char *text)
{
	buf_puts(b, "<dt>");
	html_text(b, term);
	buf_puts(b, "</dt><dd>");
	html_text(b, text && *text ? text : "–");
	buf_puts(b, "</dd>\n");
}
