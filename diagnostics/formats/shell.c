// SPDX-License-Identifier: MIT
//
// Command lines: which words of a script name models and hosts. A script is cut into simple
// commands by shell_lex; each is stripped of assignments and wrappers (sudo, env, docker exec …),
// then looked up in the table of programs. Invariants: substitutions and `sh -c` texts are read
// through a queue of bounded depth, never by recursion; a model's host is taken from its own
// command if it is set there.
#include "diagnostics/formats/shell.h"

#include "diagnostics/formats/shell_lex.h"
#include "diagnostics/formats/shell_tools.h"
#include "diagnostics/model_place.h"

#define SHELL_DEPTH 6    // substitutions within substitutions
#define SHELL_WORDS 4096 // words of one command that are looked at

// A text still to be read.
struct job {
    struct piece script;
    unsigned depth;
};

struct reader {
    struct shell_session *session;
    VEC(struct job) jobs;
    unsigned depth;
    struct str loop_variable; // after "for NAME in"
};

void shell_session_init(struct shell_session *session, struct collector *collector,
                        struct str convention, unsigned flags) {
    *session =
        (struct shell_session){.collector = collector, .convention = convention, .flags = flags};
}

bool shell_is_name(struct str text) {
    for (size_t i = 0; i < text.n; i++) {
        if (!char_is_alnum(text.p[i]) && text.p[i] != '_') {
            return false;
        }
    }
    return text.n > 0 && !char_is_digit(text.p[0]);
}

bool shell_assignment(const struct piece *word, struct piece *name, struct piece *value) {
    size_t equals = str_find_char(word->text, '=');
    if (equals == STR_NPOS || !shell_is_name(str_slice(word->text, 0, equals))) {
        return false;
    }
    *name = piece_slice(word, 0, equals);
    *value = piece_slice(word, equals + 1, word->text.n);
    return true;
}

void shell_session_assign(struct shell_session *session, const struct piece *name,
                          const struct piece *value) {
    struct collector *c = session->collector;
    struct env_item *item = VEC_PUSH(c->arena, &session->items);
    item->name = *name;
    item->value = *value;
    item->is_default_value = piece_default(&item->value);
}

// Assignments that hold for one command only: checked, but no host of the file's other references.
static void collect_local(struct shell_session *session, size_t first) {
    struct collector *c = session->collector;
    size_t n = c->environment.n;
    environment_collect(c, session->items.at + first, session->items.n - first, session->convention,
                        session->flags);
    c->environment.n = n;
    session->items.n = first;
}

static bool reference_starts_at(const struct collector *c, size_t start) {
    for (size_t i = 0; i < c->references.n; i++) {
        const struct reference *r = &c->references.at[i];
        if ((r->kind == REF_MODEL || r->kind == REF_HOST) && r->prefix_start <= start &&
            start <= r->end) {
            return true;
        }
    }
    return false;
}

// A variable's value where a command takes models: one name, or several between blanks ("for m in
// $MODELS").
static void add_values(struct shell_session *session, const struct piece *value,
                       const struct shell_use *use) {
    struct str text = value->text;
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        while (i < text.n && !char_is_space(text.p[i])) {
            i++;
        }
        struct piece word = piece_slice(value, from, i);
        bool is_whole = from == 0 && i == text.n;
        word.quoting = is_whole ? value->quoting : QUOTE_NONE;
        if (i > from && !reference_starts_at(session->collector, word.start)) {
            shell_add_model(session, &word, use->flags, use->role, NULL);
        }
        i++;
    }
}

void shell_session_finish(struct shell_session *session) {
    struct collector *c = session->collector;
    environment_collect(c, session->items.at, session->items.n, session->convention,
                        session->flags);
    // A value can be a variable again, which then comes behind in the list.
    for (size_t u = 0; u < session->uses.n; u++) {
        struct shell_use use = session->uses.at[u];
        for (size_t i = 0; i < session->items.n && !c->full; i++) {
            if (str_eq(session->items.at[i].name.text, use.name)) {
                add_values(session, &session->items.at[i].value, &use);
            }
        }
    }
}

// --- one command ---

static bool word_is(const struct piece *word, struct str text) {
    return str_eq(word->text, text);
}

static struct str base_name(struct str path) {
    size_t slash = str_rfind_char(path, '/');
    size_t backslash = str_rfind_char(path, '\\');
    if (backslash != STR_NPOS && (slash == STR_NPOS || backslash > slash)) {
        slash = backslash;
    }
    struct str base = slash == STR_NPOS ? path : str_from_index(path, slash + 1);
    return str_iends(base, STR(".exe")) ? str_slice(base, 0, base.n - 4) : base;
}

bool shell_is_one_of(struct str text, const struct str *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq(text, words[i])) {
            return true;
        }
    }
    return false;
}

// Skips options from *i on; those in `valued` (blank-separated) take the next word.
static void skip_options(const struct piece *words, size_t n, size_t *i, const struct str *valued,
                         size_t n_valued) {
    while (*i < n && words[*i].text.n > 1 && words[*i].text.p[0] == '-') {
        bool is_end = word_is(&words[*i], STR("--"));
        bool takes_word = shell_is_one_of(words[*i].text, valued, n_valued);
        *i += takes_word ? 2 : 1;
        if (is_end) {
            break;
        }
    }
    if (*i > n) {
        *i = n;
    }
}

// "-e OLLAMA_HOST=x", "--env=…" of docker run and docker exec.
static void container_environment(struct shell_session *session, const struct piece *words,
                                  size_t n) {
    struct piece name, value;
    for (size_t i = 0; i < n; i++) {
        struct str text = words[i].text;
        struct piece word = words[i];
        if ((str_eq(text, STR("-e")) || str_eq(text, STR("--env"))) && i + 1 < n) {
            word = words[i + 1];
        } else if (str_starts(text, STR("--env="))) {
            word = piece_slice(&words[i], 6, text.n);
        } else if (str_starts(text, STR("-e")) && text.n > 2 && text.p[2] != 'x') {
            word = piece_slice(&words[i], 2, text.n);
        } else {
            continue;
        }
        if (shell_assignment(&word, &name, &value)) {
            shell_session_assign(session, &name, &value);
        }
    }
}

// docker, podman, kubectl …: index of the word at which the command inside the container begins, or
// n.
static size_t container_command(struct shell_session *session, const struct piece *words,
                                size_t n) {
    static const struct str valued[] = {
        STR_INIT("-e"),
        STR_INIT("--env"),
        STR_INIT("-u"),
        STR_INIT("--user"),
        STR_INIT("-w"),
        STR_INIT("--workdir"),
        STR_INIT("-f"),
        STR_INIT("--file"),
        STR_INIT("-p"),
        STR_INIT("--publish"),
        STR_INIT("-v"),
        STR_INIT("--volume"),
        STR_INIT("-n"),
        STR_INIT("--namespace"),
        STR_INIT("-c"),
        STR_INIT("--container"),
        STR_INIT("--gpus"),
        STR_INIT("--name"),
        STR_INIT("--network"),
        STR_INIT("--env-file"),
        STR_INIT("--entrypoint"),
        STR_INIT("--index"),
        STR_INIT("--project-name"),
        STR_INIT("--context"),
        STR_INIT("--device"),
        STR_INIT("--restart"),
        STR_INIT("--profile"),
        STR_INIT("--add-host"),
        STR_INIT("--mount"),
        STR_INIT("--platform"),
        STR_INIT("-H"),
        STR_INIT("--memory"),
        STR_INIT("-m"),
        STR_INIT("--ipc"),
        STR_INIT("--shm-size"),
        STR_INIT("--label"),
        STR_INIT("-l"),
        STR_INIT("--hostname"),
        STR_INIT("-h"),
    };
    size_t n_valued = sizeof(valued) / sizeof(valued[0]);
    size_t i = 1;
    skip_options(words, n, &i, valued, n_valued);
    if (i < n && (word_is(&words[i], STR("compose")) || word_is(&words[i], STR("container")))) {
        i++;
        skip_options(words, n, &i, valued, n_valued);
    }
    if (i >= n || (!word_is(&words[i], STR("exec")) && !word_is(&words[i], STR("run")))) {
        return n;
    }
    size_t options = ++i;
    skip_options(words, n, &i, valued, n_valued);
    container_environment(session, words + options, i - options);
    if (i < n && words[i].text.n > 0) {
        i++; // container, service, pod or image
    }
    skip_options(words, n, &i, valued, n_valued); // kubectl: "-c NAME --"
    // Images have an entry point of their own: `docker run ollama/ollama run llama3` is too rare to
    // guess at; only a command that names its program counts.
    return i;
}

static bool is_shell(struct str name) {
    static const struct str shells[] = {STR_INIT("sh"),   STR_INIT("bash"), STR_INIT("zsh"),
                                        STR_INIT("ash"),  STR_INIT("dash"), STR_INIT("fish"),
                                        STR_INIT("eval"), STR_INIT("pwsh"), STR_INIT("powershell")};
    return IS_ONE_OF(name, shells);
}

// The text behind `sh -c`: read as a script of its own.
static void queue_shell_text(struct reader *r, const struct piece *words, size_t n) {
    bool is_eval = str_eq(base_name(words[0].text), STR("eval"));
    for (size_t i = 1; i < n; i++) {
        struct str text = words[i].text;
        bool is_command =
            is_eval || str_ieq(text, STR("-Command")) ||
            (text.n > 1 && text.p[0] == '-' && text.p[1] != '-' && text.p[text.n - 1] == 'c');
        size_t script = is_eval ? i : i + 1;
        if (is_command && script < n && r->depth < SHELL_DEPTH) {
            struct job *job = VEC_PUSH(r->session->collector->arena, &r->jobs);
            job->script = words[script];
            job->depth = r->depth + 1;
            return;
        }
    }
}

// Words of the shell's grammar and wrappers that run the rest of the line. Returns how many words
// to skip; 0: it is a program.
static size_t wrapper_length(const struct piece *words, size_t n) {
    static const struct str plain[] = {
        STR_INIT("then"),   STR_INIT("do"),       STR_INIT("else"),    STR_INIT("if"),
        STR_INIT("elif"),   STR_INIT("while"),    STR_INIT("until"),   STR_INIT("!"),
        STR_INIT("{"),      STR_INIT("}"),        STR_INIT("nohup"),   STR_INIT("time"),
        STR_INIT("exec"),   STR_INIT("command"),  STR_INIT("builtin"), STR_INIT("call"),
        STR_INIT("start"),  STR_INIT("$"),        STR_INIT("%"),       STR_INIT("❯"),
        STR_INIT("setsid"), STR_INIT("unbuffer"), STR_INIT("&"),       STR_INIT("winpty"),
    };
    static const struct str optioned[] = {
        STR_INIT("sudo"),    STR_INIT("doas"),   STR_INIT("env"),      STR_INIT("nice"),
        STR_INIT("ionice"),  STR_INIT("xargs"),  STR_INIT("stdbuf"),   STR_INIT("watch"),
        STR_INIT("timeout"), STR_INIT("chroot"), STR_INIT("parallel"), STR_INIT("cmd")};
    static const struct str valued[] = {STR_INIT("-u"), STR_INIT("-g"), STR_INIT("-n"),
                                        STR_INIT("-I"), STR_INIT("-P"), STR_INIT("-L"),
                                        STR_INIT("-d"), STR_INIT("-s"), STR_INIT("-k"),
                                        STR_INIT("-c"), STR_INIT("-C"), STR_INIT("-i")};
    struct str name = base_name(words[0].text);
    if (name.n > 1 && str_ends(name, STR(":"))) {
        return 1; // "web: command" of a Procfile
    }
    if (IS_ONE_OF(name, plain)) {
        size_t i = 1;
        if (!str_eq(name, STR("!")) && !str_eq(name, STR("{"))) {
            skip_options(words, n, &i, NULL, 0);
        }
        return i;
    }
    if (!IS_ONE_OF(name, optioned)) {
        return 0;
    }
    size_t i = 1;
    if (str_ieq(name, STR("cmd"))) {
        return n > 1 && words[1].text.n > 0 && words[1].text.p[0] == '/' ? 2 : 1;
    }
    // sudo -i and env -i take no word.
    bool takes_i = str_eq(name, STR("xargs"));
    skip_options(words, n, &i, valued, sizeof(valued) / sizeof(valued[0]) - (takes_i ? 0 : 1));
    if (str_eq(name, STR("timeout")) && i < n) {
        i++; // the duration
    }
    return i;
}

// `export A=b`, `set A=b`, `setx A b`, `launchctl setenv A b`, fish's `set -gx A b`, PowerShell's
// `$env:A = "b"`. True if the command was one of them.
static bool assignment_command(struct shell_session *session, const struct piece *words, size_t n) {
    static const struct str exports[] = {
        STR_INIT("export"),   STR_INIT("declare"),   STR_INIT("typeset"), STR_INIT("local"),
        STR_INIT("readonly"), STR_INIT("set"),       STR_INIT("setx"),    STR_INIT("setenv"),
        STR_INIT("SET"),      STR_INIT("launchctl"), STR_INIT("ARG"),     STR_INIT("alias")};
    struct piece name, value;
    if (str_istarts(words[0].text, STR("$env:")) && words[0].text.n > 5) {
        size_t equals = str_find_char(words[0].text, '=');
        name = piece_slice(&words[0], 5, equals == STR_NPOS ? words[0].text.n : equals);
        if (equals != STR_NPOS && equals + 1 < words[0].text.n) {
            value = piece_slice(&words[0], equals + 1, words[0].text.n);
        } else if (equals != STR_NPOS && n > 1) {
            value = words[1];
        } else if (n > 2 && word_is(&words[1], STR("="))) {
            value = words[2];
        } else {
            return true;
        }
        shell_session_assign(session, &name, &value);
        return true;
    }
    if (!IS_ONE_OF(words[0].text, exports)) {
        return false;
    }
    size_t i = 1;
    skip_options(words, n, &i, NULL, 0);
    if (i < n && word_is(&words[0], STR("launchctl"))) {
        i++; // setenv
    }
    bool any = false;
    for (size_t k = i; k < n; k++) {
        if (shell_assignment(&words[k], &name, &value)) {
            shell_session_assign(session, &name, &value);
            any = true;
        }
    }
    if (!any && i + 1 < n && shell_is_name(words[i].text)) {
        shell_session_assign(session, &words[i], &words[i + 1]);
    }
    return true;
}

// Leading assignments of a command; returns how many words they are.
static size_t leading_assignments(struct shell_session *session, const struct piece *words,
                                  size_t n) {
    size_t i = 0;
    struct piece name, value;
    while (i < n && words[i].quoting == QUOTE_NONE && shell_assignment(&words[i], &name, &value)) {
        shell_session_assign(session, &name, &value);
        i++;
    }
    return i;
}

// Strips the words of a command until its program stands first. True if what was assigned on the
// way holds for this command only.
static bool run_program(struct reader *r, struct piece *words, size_t n, size_t place,
                        size_t first_item) {
    struct shell_session *session = r->session;
    bool is_local = false;
    for (unsigned round = 0; round < 16 && n > 0; round++) {
        size_t skip = leading_assignments(session, words, n);
        words += skip;
        n -= skip;
        if (n == 0) {
            return is_local;
        }
        struct str name = base_name(words[0].text);
        static const struct str containers[] = {
            STR_INIT("docker"),         STR_INIT("podman"),  STR_INIT("nerdctl"),
            STR_INIT("docker-compose"), STR_INIT("kubectl"), STR_INIT("oc"),
            STR_INIT("podman-compose")};
        if (assignment_command(session, words, n)) {
            return false;
        }
        is_local = true;
        if (IS_ONE_OF(name, containers)) {
            skip = container_command(session, words, n);
        } else if (is_shell(name)) {
            queue_shell_text(r, words, n);
            return is_local;
        } else {
            skip = wrapper_length(words, n);
        }
        if (skip == 0) {
            break;
        }
        words += skip < n ? skip : n;
        n -= skip < n ? skip : n;
    }
    if (n == 0) {
        return is_local;
    }
    struct shell_call call = {.session = session,
                              .program = base_name(words[0].text),
                              .words = words,
                              .n = n,
                              .place = place};
    // Only what this command sets: an export further up is the file's (config-formats 2.5).
    for (size_t i = first_item; i < session->items.n; i++) {
        if (str_eq(session->items.at[i].name.text, STR("OLLAMA_HOST"))) {
            call.host = &session->items.at[i].value;
        }
    }
    shell_call_collect(&call);
    return is_local;
}

static void run_command(struct reader *r, struct piece *words, size_t n, size_t place) {
    size_t first_item = r->session->items.n;
    if (run_program(r, words, n, place, first_item) && r->session->items.n > first_item) {
        collect_local(r->session, first_item);
    }
}

// "for NAME in a b c": each word is a value of NAME. The word list ends the command.
static bool loop_command(struct reader *r, struct piece *words, size_t n) {
    if (n < 3 || !word_is(&words[0], STR("for")) || !word_is(&words[2], STR("in"))) {
        return false;
    }
    for (size_t i = 3; i < n; i++) {
        shell_session_assign(r->session, &words[1], &words[i]);
    }
    return true;
}

static void read_script(struct reader *r, const struct piece *script) {
    struct arena *arena = r->session->collector->arena;
    struct shell_lexer lexer;
    shell_lexer_init(&lexer, arena, script);
    VEC(struct piece) words = {0};
    for (;;) {
        struct shell_token token = shell_lexer_next(&lexer);
        if (token.kind == SHELL_WORD) {
            if (words.n < SHELL_WORDS) {
                *VEC_PUSH(arena, &words) = token.piece;
            }
            continue;
        }
        if (words.n > 0 && !loop_command(r, words.at, words.n)) {
            run_command(r, words.at, words.n, piece_offset(script, token.from));
        }
        words.n = 0;
        if (token.kind == SHELL_END || r->session->collector->full) {
            break;
        }
    }
    for (size_t i = 0; i < lexer.substitutions.n && r->depth < SHELL_DEPTH; i++) {
        struct job *job = VEC_PUSH(arena, &r->jobs);
        job->script =
            piece_slice(script, lexer.substitutions.at[i].from, lexer.substitutions.at[i].to);
        job->depth = r->depth + 1;
    }
}

static void read_jobs(struct reader *r) {
    for (size_t i = 0; i < r->jobs.n; i++) {
        struct job job = r->jobs.at[i]; // a copy: the queue may grow
        r->depth = job.depth;
        read_script(r, &job.script);
    }
}

void shell_session_script(struct shell_session *session, const struct piece *script) {
    struct reader reader = {.session = session};
    struct job *job = VEC_PUSH(session->collector->arena, &reader.jobs);
    job->script = *script;
    read_jobs(&reader);
}

void shell_session_argv(struct shell_session *session, const struct piece *words, size_t n) {
    if (n == 0) {
        return;
    }
    struct reader reader = {.session = session};
    struct piece *copy = ARENA_ARRAY(session->collector->arena, n, struct piece);
    memcpy(copy, words, n * sizeof(*words));
    run_command(&reader, copy, n, words[n - 1].end);
    read_jobs(&reader);
}

void shell_command(struct collector *collector, const struct piece *script, struct str convention,
                   unsigned extra_flags) {
    struct shell_session session;
    shell_session_init(&session, collector, convention, extra_flags);
    shell_session_script(&session, script);
    shell_session_finish(&session);
}

void shell_argv(struct collector *collector, const struct piece *words, size_t n,
                struct str convention, unsigned extra_flags) {
    struct shell_session session;
    shell_session_init(&session, collector, convention, extra_flags);
    shell_session_argv(&session, words, n);
    shell_session_finish(&session);
}

struct piece shell_file_piece(const struct collector *collector, size_t from, size_t to) {
    return (struct piece){.text = str_slice(collector->bytes, from, to), .start = from, .end = to};
}

struct piece shell_whole_file(const struct collector *collector) {
    return shell_file_piece(collector, 0, collector->bytes.n);
}

bool shell_next_logical_line(struct str bytes, size_t *at, size_t *start, size_t *end) {
    if (*at >= bytes.n) {
        return false;
    }
    *start = *at;
    size_t i = *at;
    while (i < bytes.n &&
           !(bytes.p[i] == '\n' &&
             !(i > *start && (bytes.p[i - 1] == '\\' || (i > *start + 1 && bytes.p[i - 1] == '\r' &&
                                                         bytes.p[i - 2] == '\\'))))) {
        i++;
    }
    *end = i > *start && bytes.p[i - 1] == '\r' ? i - 1 : i;
    *at = i < bytes.n ? i + 1 : i;
    return true;
}

void shell_file_collect(struct collector *collector) {
    struct piece whole = shell_whole_file(collector);
    shell_command(collector, &whole, STR("script"), 0);
}
