/**
 * The grammar of `.adal` files.
 *
 * Four decisions shape it:
 * - Texts are lexed by the external scanner (src/scanner.c), because a fence's length and a block's indentation
 *   decide where a text ends, and because a text that was never closed must end at column 0.
 * - Message texts are templates: their Jinja delimiters are tokens here, their insides are loose tokens, so that a
 *   half-typed `{{ x. ` never swallows its neighbours. Jinja's own parser judges them later.
 * - A declaration at column 0 is announced by a zero-width `_cut`, which ends whatever is open before it: in
 *   place of a closing bracket it is an `unclosed` node, in place of the rest of a declaration a `missing` one. What is
 *   broken stays the problem of its own declaration.
 * - Where a value, a type or a name must stand and none does, the scanner fills the gap with a zero-width `missing`
 *   node, so that the line being typed never takes the next one for its value.
 */

const PREC = { or: 1, and: 2, not: 3, compare: 4, member: 6 };

const optionalCommas = (rule) => repeat(seq(rule, optional(",")));
const listOf = (rule) => optional(seq(rule, repeat(seq(",", rule)), optional(",")));

// A gap that the scanner fills: a zero-width `missing` node.
const missing = ($, what) => alias($[`_missing_${what}`], $.missing);

// A rule, or a `missing` node where the next declaration (or the file's end) cuts it short.
const orCut = ($, name, rule) => choice(rule, field(name, alias($._cut, $.missing)));

// The same behind a name, where the next item may cut it short too.
const orRest = ($, name, rule) => choice(orCut($, name, rule), field(name, missing($, "rest")));

// A keyword, a signature, and what stands behind it.
const callable = ($, keyword, rest) =>
  seq(
    keyword,
    orCut(
      $,
      "name",
      seq(
        field("name", choice($.identifier, missing($, "name"))),
        orRest(
          $,
          "parameters",
          seq(
            field("parameters", choice($.parameters, missing($, "parameters"))),
            optional(seq("->", field("returns", choice($.type, missing($, "returns"))))),
            orRest($, "body", rest),
          ),
        ),
      ),
    ),
  );

// A keyword, a name, and what stands behind it.
const named = ($, keyword, next, rest) =>
  seq(
    keyword,
    orCut($, "name", seq(field("name", choice($.identifier, missing($, "name"))), orRest($, next, rest))),
  );

module.exports = grammar({
  name: "adal",

  externals: ($) => [
    $.comment, // lexed by its own rule; listed here so that the scanner is asked in every state
    $._cut, // zero-width: a declaration (or the file's end) comes next
    // Never emitted: where the one or the other is valid tells the scanner what may start there, and keeps the parse
    // states apart whose keywords are names elsewhere, so that no node is reused where its keyword is none.
    $._in_file,
    $._in_body,
    $._in_block,
    $.string_start, // `"`, or a fence of three or more quotes
    $.string_end,
    $.string_unclosed, // zero-width: where a text ends that was never closed
    $.string_content, // a run of text, in plain texts
    $.template_content, // a run of text between Jinja tags, in templates
    $.escape_sequence, // only in one-line texts between single `"`
    $.interpolation_start, // `{{`, `{{-`
    $.interpolation_end,
    $.statement_start, // `{%`, `{%-`
    $.statement_end,
    $.jinja_unclosed, // zero-width: where a Jinja tag ends that was never closed
    $.jinja_comment, // `{# ... #}`
    $.jinja_name,
    $.jinja_string,
    $.jinja_number,
    $.jinja_operator,
    $._cut_parameters, // zero-width: what comes next can be no parameter
    $._cut_parenthesis, // the same, for arguments and expressions in parentheses
    $._cut_bracket, // the same, for arrays
    $._missing_value, // zero-width, like all that follow: no value stands where one must
    $._missing_type,
    $._missing_returns, // no type behind `->`, where a body's brace may follow
    $._missing_name,
    $._missing_member, // behind a dot
    $._missing_parameters,
    $._missing_equals,
    $._missing_assignment, // `=`, where a bracket may stand as well
    $._missing_brace,
    $._missing_of,
    $._missing_rest, // what stands behind a name
    $._error_sentinel, // never used in a rule: valid only while the parser recovers from an error
  ],

  extras: ($) => [/\s|\u00a0|\ufeff/, $.comment],

  word: ($) => $.identifier,

  supertypes: ($) => [$.declaration, $.expression, $.type],

  conflicts: () => [],

  // Inlined, so that operators keep their precedence where a value may be missing.
  inline: ($) => [$._value],

  rules: {
    source_file: ($) => seq(repeat(seq(optional($._cut), choice($.declaration, $._in_file))), optional($._cut)),

    declaration: ($) =>
      choice(
        $.import_declaration,
        $.model_declaration,
        $.type_declaration,
        $.param_declaration,
        $.prompt_declaration,
        $.retriever_declaration,
        $.tool_declaration,
        $.agent_declaration,
        $.pipeline_declaration,
        $.dataset_declaration,
        $.eval_declaration,
        $.optimize_declaration,
      ),

    import_declaration: ($) => seq("import", orCut($, "path", field("path", $.string))),

    model_declaration: ($) =>
      named($, "model", "value", seq($._equals, field("value", $._value), optional(field("settings", $.settings)))),

    type_declaration: ($) => named($, "type", "value", seq($._equals, field("value", $._type))),

    // At top level, where several prompts share it, and in a body.
    param_declaration: ($) => named($, "param", "value", seq($._equals, field("value", $._value))),

    prompt_declaration: ($) =>
      callable($, "prompt", choice(seq($._assignment, field("text", $._template)), field("body", $.body))),

    retriever_declaration: ($) => callable($, "retriever", field("body", $.body)),

    tool_declaration: ($) =>
      callable($, "tool", seq($._assignment, field("value", $._value), optional(field("settings", $.settings)))),

    agent_declaration: ($) => callable($, "agent", field("body", $.body)),

    pipeline_declaration: ($) => callable($, "pipeline", field("body", $.block)),

    dataset_declaration: ($) =>
      named(
        $,
        "dataset",
        "value",
        choice(
          seq($._assignment, field("value", $._value), optional(field("settings", $.settings))),
          field("settings", $.settings),
        ),
      ),

    eval_declaration: ($) =>
      named(
        $,
        "eval",
        "target",
        seq(
          choice("of", missing($, "of")),
          orCut($, "target", seq(field("target", $._target), orRest($, "settings", $._required_settings))),
        ),
      ),

    optimize_declaration: ($) =>
      seq("optimize", orCut($, "target", seq(field("target", $._target), optional(field("settings", $.settings))))),

    _target: ($) => choice($._reference, missing($, "name")),

    // ---- signatures and types

    parameters: ($) =>
      seq("(", listOf($.parameter), choice(")", alias(choice($._cut, $._cut_parameters), $.unclosed))),

    parameter: ($) =>
      seq(
        field("name", $.identifier),
        optional(seq(":", field("type", $._type))),
        optional(seq("=", field("default", $._value))),
      ),

    _type: ($) => choice($.type, missing($, "type")),

    type: ($) => choice($.named_type, $.list_type, $.optional_type, $.union_type, $.object_type, $.parenthesized_type),

    named_type: ($) => $._reference,
    list_type: ($) => prec(2, seq(field("item", $.type), "[", "]")),
    optional_type: ($) => prec(2, seq(field("item", $.type), "?")),
    union_type: ($) => prec.right(seq($.string, repeat(seq("|", choice($.string, missing($, "type")))))),
    parenthesized_type: ($) => seq("(", $.type, $._close_parenthesis),
    object_type: ($) => seq("{", optionalCommas($.object_field), $._close_brace),
    object_field: ($) =>
      prec.right(seq(
        field("name", $.identifier),
        orRest(
          $,
          "type",
          seq(choice(":", alias("=", $.mistyped)), field("type", $._type), optional(field("description", $.string))),
        ),
      )),

    // ---- bodies

    settings: ($) => seq("{", optionalCommas($.setting), $._close_brace),

    // Where settings must stand, their brace may be missing.
    _required_settings: ($) => field("settings", choice($.settings, alias($._unopened_settings, $.settings))),
    _unopened_settings: ($) => seq(missing($, "brace"), optionalCommas($.setting), $._close_brace),

    setting: ($) =>
      seq(field("name", $.identifier), orRest($, "value", seq($._equals, field("value", $._value)))),

    // `:` typed for `=`, or `=` for `:`, is a `mistyped` node, so that it costs one message and not the block.
    _equals: ($) => choice("=", alias(":", $.mistyped), missing($, "equals")),
    _assignment: ($) => choice("=", alias(":", $.mistyped), missing($, "assignment")),

    body: ($) =>
      seq(
        $._open_brace,
        optionalCommas(choice($.message, $.setting, $.param_declaration, $.demos, $._in_body)),
        $._close_brace,
      ),

    // Roles are syntax, so that no text can forge one.
    message: ($) =>
      seq(
        field("role", alias(choice("system", "user", "assistant"), $.role)),
        orRest($, "text", seq($._equals, field("text", $._template))),
      ),

    demos: ($) =>
      prec.right(
        seq(
          "demos",
          orCut(
            $,
            "name",
            seq(
              field("name", choice($.identifier, missing($, "name"))),
              optional(field("settings", $.settings)),
              optional(seq("=", field("value", choice($.array, missing($, "value"))))),
            ),
          ),
        ),
      ),

    block: ($) => seq($._open_brace, repeat(choice($.binding, $.repeat, $.return, $._in_block)), $._close_brace),

    binding: ($) =>
      seq(field("name", $.identifier), orRest($, "value", seq($._equals, field("value", $._value)))),

    repeat: ($) =>
      seq(
        "repeat",
        field("times", $._value),
        orRest($, "until", seq("until", field("until", $._value), orRest($, "body", field("body", $.block)))),
      ),

    return: ($) => seq("return", field("value", $._value)),

    // ---- expressions

    _value: ($) => choice($.expression, missing($, "value")),

    expression: ($) =>
      choice(
        $.identifier,
        $.member,
        $.call,
        $.string,
        $.number,
        $.true,
        $.false,
        $.null,
        $.array,
        $.comprehension,
        $.object,
        $.match,
        $.not_expression,
        $.binary_expression,
        $.parenthesized_expression,
      ),

    _reference: ($) => choice($.identifier, alias($.dotted_name, $.member)),
    dotted_name: ($) => seq(field("object", $.identifier), ".", field("name", $._member_name)),

    member: ($) => prec(PREC.member, seq(field("object", $.expression), ".", field("name", $._member_name))),
    _member_name: ($) => choice($.identifier, missing($, "member")),

    call: ($) =>
      prec(PREC.member, seq(field("function", choice($.identifier, $.member)), field("arguments", $.arguments))),

    arguments: ($) => seq("(", listOf(choice($.named_argument, $.expression)), $._close_parenthesis),

    named_argument: ($) =>
      seq(field("name", $.identifier), choice("=", alias(":", $.mistyped)), field("value", $._value)),

    array: ($) => seq("[", listOf($.expression), $._close_bracket),

    comprehension: ($) =>
      seq(
        "[",
        field("value", $.expression),
        "for",
        field("name", $.identifier),
        "in",
        field("source", $._value),
        optional(seq("if", field("condition", $._value))),
        $._close_bracket,
      ),

    object: ($) => seq("{", optionalCommas($.pair), $._close_brace),

    pair: ($) =>
      seq(
        field("name", choice($.identifier, $.string)),
        orRest($, "value", seq($._equals, field("value", $._value))),
      ),

    match: ($) =>
      seq(
        "match",
        field("subject", $._value),
        orRest($, "arms", seq("{", optionalCommas($.arm), $._close_brace)),
      ),

    arm: ($) =>
      seq(
        field("pattern", $._pattern),
        repeat(seq("|", field("pattern", $._pattern))),
        orRest($, "value", seq("=>", field("value", $._value))),
      ),

    _pattern: ($) => choice($.string, $.number, $.true, $.false, $.null, $.wildcard),

    wildcard: () => "_",

    not_expression: ($) => prec(PREC.not, seq("not", field("value", $._value))),

    binary_expression: ($) =>
      choice(
        prec.left(PREC.or, seq(field("left", $.expression), field("operator", "or"), field("right", $._value))),
        prec.left(PREC.and, seq(field("left", $.expression), field("operator", "and"), field("right", $._value))),
        prec.left(
          PREC.compare,
          seq(
            field("left", $.expression),
            field("operator", choice("==", "!=", "<", "<=", ">", ">=", "in", $.not_in)),
            field("right", $._value),
          ),
        ),
      ),

    not_in: () => seq("not", "in"),

    parenthesized_expression: ($) => seq("(", $.expression, $._close_parenthesis),

    true: () => "true",
    false: () => "false",
    null: () => "null",

    number: () => /-?[0-9][0-9_]*(\.[0-9]+)?([eE][+-]?[0-9]+)?/,

    identifier: () => /[\p{XID_Start}_][\p{XID_Continue}]*/u,

    comment: () => /#[^\r\n]*/,

    // ---- texts

    _template: ($) => choice($.template, missing($, "value")),

    string: ($) =>
      seq(
        $.string_start,
        repeat(choice($.string_content, $.escape_sequence)),
        choice($.string_end, $.string_unclosed),
      ),

    template: ($) =>
      seq(
        $.string_start,
        repeat(choice($.template_content, $.escape_sequence, $.interpolation, $.statement, $.jinja_comment)),
        choice($.string_end, $.string_unclosed),
      ),

    interpolation: ($) =>
      seq($.interpolation_start, repeat($._jinja), choice($.interpolation_end, $.jinja_unclosed)),

    statement: ($) => seq($.statement_start, repeat($._jinja), choice($.statement_end, $.jinja_unclosed)),

    _jinja: ($) => choice($.jinja_name, $.jinja_string, $.jinja_number, $.jinja_operator),

    // ---- brackets

    _open_brace: ($) => choice("{", missing($, "brace")),
    _close_brace: ($) => choice("}", alias($._cut, $.unclosed)),
    _close_parenthesis: ($) => choice(")", alias(choice($._cut, $._cut_parenthesis), $.unclosed)),
    _close_bracket: ($) => choice("]", alias(choice($._cut, $._cut_bracket), $.unclosed)),
  },
});
