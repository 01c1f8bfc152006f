// SPDX-License-Identifier: MIT
//
// Cards are lists of lines of Markdown: a heading, facts, a link. Names and texts from outside are
// put in code spans, in which nothing is markup; sentences are escaped; only the links we build
// ourselves are links.
#include "lsp/handlers/cards.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"

#define CARD_MAX (64u * 1024)
#define TEXT_MAX 200 // bytes of a name or a server's word in a card

static struct str done(struct arena *arena, struct buf *buf) {
    struct str text = arena_copy(arena, buf_str(buf));
    buf_finish(buf);
    return text;
}

static struct str shown(struct arena *arena, struct str text) {
    return markdown_code(arena, display_escape(arena, text, TEXT_MAX));
}

static void add_capabilities(struct buf *buf, const struct model *model) {
    if (!model->capabilities_known) {
        return;
    }
    buf_printf(buf, "- can:");
    for (unsigned bit = CAP_COMPLETION; bit <= CAP_AUDIO; bit <<= 1) {
        if (model->capabilities & bit) {
            buf_printf(buf, " %s", capability_name((enum capability)bit));
        }
    }
    buf_append_char(buf, '\n');
}

static void add_installed(struct arena *arena, struct buf *buf, const struct model *model) {
    struct str summary = model_summary(arena, model, false);
    buf_printf(buf, "- %.*s\n", STR_ARG(shown(arena, summary)));
    add_capabilities(buf, model);
    if (model->running.loaded) {
        buf_printf(buf, "- loaded");
        if (model->running.size_vram) {
            buf_printf(buf, ", %.*s on the GPU",
                       STR_ARG(format_size(arena, model->running.size_vram)));
        }
        if (model->running.context_length) {
            buf_printf(buf, ", context %.*s",
                       STR_ARG(format_context(arena, model->running.context_length)));
        }
        buf_append_char(buf, '\n');
    }
    if (model->digest.n) {
        buf_printf(buf, "- digest %.*s\n", STR_ARG(shown(arena, str_slice(model->digest, 0, 12))));
    }
    if (model->remote) {
        buf_printf(buf, "- **remote: text leaves this machine**");
        if (model->remote_host.n) {
            buf_printf(buf, " for %.*s",
                       STR_ARG(shown(arena, uri_redact(arena, model->remote_host))));
        }
        buf_append_char(buf, '\n');
    }
}

static void add_not_installed(struct arena *arena, struct buf *buf, const struct model_name *name,
                              const struct server *server) {
    bool known = server && server_catalog(server) && server->state == SERVER_OK;
    if (known) {
        buf_printf(buf, "- not installed on %.*s\n",
                   STR_ARG(shown(arena, uri_redact(arena, server->url))));
    }
    const struct library_model *library =
        model_name_is_library(name) ? library_find(name->model) : NULL;
    if (!library) {
        return;
    }
    buf_printf(buf, "- in the library:");
    for (size_t i = 0; i < library->n_tags; i++) {
        const struct library_tag *tag = &library->tags[i];
        buf_printf(buf, "%s %.*s", i ? "," : "", STR_ARG(markdown_code(arena, tag->tag)));
        if (tag->size) {
            buf_printf(buf, " (%.*s)", STR_ARG(format_size(arena, tag->size)));
        }
    }
    buf_append_char(buf, '\n');
}

struct str model_card(struct arena *arena, struct str written, const struct model_name *name,
                      const struct model *model, const struct server *server) {
    struct buf buf;
    buf_init(&buf, CARD_MAX);
    buf_printf(&buf, "**%.*s**\n\n", STR_ARG(shown(arena, model ? model->name : written)));
    if (model) {
        add_installed(arena, &buf, model);
    } else {
        add_not_installed(arena, &buf, name, server);
    }
    if (server) {
        const char *state = " (not asked yet)";
        if (server->state != SERVER_UNKNOWN) {
            const char *silent = model ? " (does not answer; as last known)" : " (does not answer)";
            state = server->state == SERVER_OK ? "" : silent;
        }
        buf_printf(&buf, "- server %.*s%s\n", STR_ARG(shown(arena, uri_redact(arena, server->url))),
                   state);
    }
    struct str page = model_name_page(arena, name);
    if (page.n) {
        // Made of a parsed name: nothing in it can end the link.
        buf_printf(&buf, "\n<%.*s>\n", STR_ARG(page));
    }
    return done(arena, &buf);
}

struct str host_card(struct arena *arena, const struct reference *reference,
                     const struct server *server) {
    struct buf buf;
    struct host host;
    buf_init(&buf, CARD_MAX);
    host_parse(reference->text, &host);
    struct str url = uri_redact(arena, host_connect_url(arena, &host, true));
    buf_printf(&buf, "**Ollama host**\n\n- read as %.*s\n", STR_ARG(shown(arena, url)));
    if (reference->is_container) {
        buf_printf(&buf,
                   "- a name only containers know; mapped by the setting `hostMap`, a published "
                   "port, or to the default server\n");
    }
    if (!server) {
        buf_printf(&buf, "- not trusted: not contacted\n");
    } else if (server->state == SERVER_OK) {
        const struct catalog *catalog = server_catalog(server);
        size_t n_models = catalog ? catalog->n_models : 0;
        buf_printf(&buf, "- Ollama %.*s, %zu model%s, answers in %lld ms\n",
                   STR_ARG(shown(arena, server->version)), n_models, PLURAL(n_models),
                   (long long)((server->latency_us + 999) / 1000));
    } else if (server->state == SERVER_UNREACHABLE) {
        struct str message = display_escape(arena, server->error_message, TEXT_MAX);
        buf_printf(&buf, "- %.*s\n", STR_ARG(markdown_escape(arena, message)));
        if (server->error_remedy.n) {
            buf_printf(&buf, "- try %.*s\n", STR_ARG(shown(arena, server->error_remedy)));
        }
    } else {
        buf_printf(&buf, "- not asked yet\n");
    }
    return done(arena, &buf);
}

struct str variable_card(struct arena *arena, const struct variable *variable) {
    struct buf buf;
    buf_init(&buf, CARD_MAX);
    buf_printf(&buf, "**%.*s**\n\n%.*s\n\n- %s\n", STR_ARG(shown(arena, variable->name)),
               STR_ARG(markdown_escape(arena, variable->about)), value_type_text(variable->type));
    if (variable->default_.n) {
        buf_printf(&buf, "- default %.*s\n", STR_ARG(shown(arena, variable->default_)));
    }
    if (variable->obsolete) {
        struct str since = markdown_escape(arena, variable->since);
        buf_printf(&buf, "- read by no current release%s%.*s%s\n", since.n ? " (" : "",
                   STR_ARG(since), since.n ? ")" : "");
    }
    if (variable->instead.n) {
        buf_printf(&buf, "- use %.*s\n", STR_ARG(shown(arena, variable->instead)));
    }
    return done(arena, &buf);
}

struct str parameter_card(struct arena *arena, const struct parameter *parameter) {
    struct buf buf;
    buf_init(&buf, CARD_MAX);
    buf_printf(&buf, "**%.*s**\n\n%.*s\n\n- %s\n", STR_ARG(shown(arena, parameter->name)),
               STR_ARG(markdown_escape(arena, parameter->about)), value_type_text(parameter->type));
    if (parameter->range.n) {
        buf_printf(&buf, "- sensible: %.*s\n", STR_ARG(markdown_escape(arena, parameter->range)));
    }
    if (parameter->default_.n) {
        buf_printf(&buf, "- default %.*s\n", STR_ARG(shown(arena, parameter->default_)));
    }
    if (parameter->deprecated) {
        buf_printf(&buf, "- deprecated: Ollama warns and drops it\n");
    }
    if (parameter->reload) {
        buf_printf(&buf, "- changing it reloads the model\n");
    }
    return done(arena, &buf);
}

// The text of the code span that begins `text`, as markdown_code writes it. Returns the span's
// length.
static size_t code_span(struct buf *buf, struct str text) {
    size_t ticks = 0;
    while (ticks < text.n && text.p[ticks] == '`') {
        ticks++;
    }
    struct str fence = str_slice(text, 0, ticks);
    struct str rest = str_from_index(text, ticks);
    size_t end = str_find(rest, fence);
    if (end == STR_NPOS) {
        return ticks;
    }
    struct str inner = str_slice(rest, 0, end);
    if (inner.n > 2 && inner.p[0] == ' ' && inner.p[inner.n - 1] == ' ') {
        inner = str_slice(inner, 1, inner.n - 1); // the padding that a span with backticks has
    }
    buf_append(buf, inner);
    return ticks + end + ticks;
}

struct str card_to_plain(struct arena *arena, struct str markdown) {
    struct buf buf;
    buf_init(&buf, CARD_MAX);
    for (size_t i = 0; i < markdown.n; i++) {
        char c = markdown.p[i];
        struct str rest = str_from_index(markdown, i);
        if (c == '\\' && i + 1 < markdown.n) {
            buf_append_char(&buf, markdown.p[++i]);
        } else if (str_starts(rest, STR("**"))) {
            i++;
        } else if (c == '`') {
            i += code_span(&buf, rest) - 1;
        } else if (c != '<' && c != '>') { // only our own links have them unescaped
            buf_append_char(&buf, c);
        }
    }
    return done(arena, &buf);
}
