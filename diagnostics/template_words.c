// SPDX-License-Identifier: MIT
//
// The words of Ollama's templates, for checks and completion (template/template.go of v0.33; Go's
// own functions and keywords).
#include "diagnostics/template.h"

static const struct template_word variables[] = {
    {STR_INIT("System"), STR_INIT("The system text.")},
    {STR_INIT("Prompt"), STR_INIT("The user's text (not with .Messages).")},
    {STR_INIT("Response"), STR_INIT("The assistant's text.")},
    {STR_INIT("Suffix"), STR_INIT("The text behind the cursor, for fill-in-the-middle.")},
    {STR_INIT("Messages"), STR_INIT("The list of messages.")},
    {STR_INIT("Tools"), STR_INIT("The list of tools the model may call.")},
    {STR_INIT("Think"), STR_INIT("Whether the model is asked to think.")},
    {STR_INIT("ThinkLevel"), STR_INIT("How much it is asked to think: low, medium, high, max.")},
    {STR_INIT("IsThinkSet"), STR_INIT("Whether the request says anything about thinking.")},
};

static const struct template_word message_fields[] = {
    {STR_INIT("Role"), STR_INIT("system, user, assistant or tool.")},
    {STR_INIT("Content"), STR_INIT("The text of the message.")},
    {STR_INIT("Thinking"), STR_INIT("What the model thought before it answered.")},
    {STR_INIT("Images"), STR_INIT("The images of the message.")},
    {STR_INIT("ToolCalls"), STR_INIT("The tool calls of an assistant's message.")},
    {STR_INIT("ToolName"), STR_INIT("The tool that a tool's message answers for.")},
    {STR_INIT("ToolCallID"), STR_INIT("The call that a tool's message answers.")},
};

static const struct template_word functions[] = {
    {STR_INIT("json"), STR_INIT("The argument as JSON.")},
    {STR_INIT("currentDate"), STR_INIT("Today as YYYY-MM-DD.")},
    {STR_INIT("yesterdayDate"), STR_INIT("Yesterday as YYYY-MM-DD.")},
    {STR_INIT("toTypeScriptType"), STR_INIT("A tool property's type in TypeScript's words.")},
    {STR_INIT("and"), STR_INIT("The first empty argument, or the last one.")},
    {STR_INIT("or"), STR_INIT("The first argument that is not empty, or the last one.")},
    {STR_INIT("not"), STR_INIT("True if the argument is empty.")},
    {STR_INIT("eq"), STR_INIT("True if the first argument equals any of the others.")},
    {STR_INIT("ne"), STR_INIT("True if the two arguments differ.")},
    {STR_INIT("lt"), STR_INIT("Less than.")},
    {STR_INIT("le"), STR_INIT("Less than or equal.")},
    {STR_INIT("gt"), STR_INIT("Greater than.")},
    {STR_INIT("ge"), STR_INIT("Greater than or equal.")},
    {STR_INIT("len"), STR_INIT("The length of the argument.")},
    {STR_INIT("index"), STR_INIT("The element of a list or map.")},
    {STR_INIT("slice"), STR_INIT("A part of a list or string.")},
    {STR_INIT("print"), STR_INIT("Go's fmt.Sprint.")},
    {STR_INIT("printf"), STR_INIT("Go's fmt.Sprintf.")},
    {STR_INIT("println"), STR_INIT("Go's fmt.Sprintln.")},
    {STR_INIT("html"), STR_INIT("The text escaped for HTML.")},
    {STR_INIT("js"), STR_INIT("The text escaped for JavaScript.")},
    {STR_INIT("urlquery"), STR_INIT("The text escaped for a URL query.")},
    {STR_INIT("call"), STR_INIT("Calls a function value.")},
};

static const struct template_word keywords[] = {
    {STR_INIT("if"), STR_INIT("What follows is printed if the value is not empty.")},
    {STR_INIT("else"), STR_INIT("The other branch of if, range or with.")},
    {STR_INIT("end"), STR_INIT("Ends if, range, with, define or block.")},
    {STR_INIT("range"), STR_INIT("Repeats what follows for each element; the dot is the element.")},
    {STR_INIT("with"), STR_INIT("The dot is the value, if it is not empty.")},
    {STR_INIT("break"), STR_INIT("Leaves the innermost range.")},
    {STR_INIT("continue"), STR_INIT("Goes on with the next element of the innermost range.")},
    {STR_INIT("define"), STR_INIT("Defines a named template.")},
    {STR_INIT("template"), STR_INIT("Prints a named template.")},
    {STR_INIT("block"), STR_INIT("Defines a named template and prints it.")},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

size_t template_variables(const struct template_word **out) {
    *out = variables;
    return COUNT(variables);
}

size_t template_message_fields(const struct template_word **out) {
    *out = message_fields;
    return COUNT(message_fields);
}

size_t template_functions(const struct template_word **out) {
    *out = functions;
    return COUNT(functions);
}

size_t template_keywords(const struct template_word **out) {
    *out = keywords;
    return COUNT(keywords);
}
