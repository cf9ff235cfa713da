; Every node is captured by one pattern only, so that it does not matter whether an editor lets the first or the last
; pattern win. Where editors disagree on a name, a node carries both: Helix's first, Neovim's and Zed's last.

; What Neovim checks the spelling of

[
  (comment)
  (string_content)
  (template_content)
] @spell

(comment) @comment

; Words of the language

[
  "model"
  "type"
  "param"
  "prompt"
  "retriever"
  "tool"
  "agent"
  "pipeline"
  "dataset"
  "eval"
  "of"
  "optimize"
  "demos"
] @keyword

"import" @keyword.import
"return" @keyword.return

[
  "repeat"
  "until"
  "for"
] @keyword.repeat

[
  "match"
  "if"
] @keyword.conditional

[
  "and"
  "or"
  "not"
  "in"
] @keyword.operator

(role) @label

; Names where they are declared

(model_declaration name: (identifier) @constant)
(dataset_declaration name: (identifier) @constant)
(eval_declaration name: (identifier) @constant)
(type_declaration name: (identifier) @type.definition)
(param_declaration name: (identifier) @variable)
(demos name: (identifier) @variable)
(binding name: (identifier) @variable)
(comprehension name: (identifier) @variable)
(prompt_declaration name: (identifier) @function)
(retriever_declaration name: (identifier) @function)
(tool_declaration name: (identifier) @function)
(agent_declaration name: (identifier) @function)
(pipeline_declaration name: (identifier) @function)
(parameter name: (identifier) @variable.parameter)
(named_argument name: (identifier) @variable.parameter)
(object_field name: (identifier) @variable.other.member @property)
(setting name: (identifier) @variable.other.member @property)
(pair name: (identifier) @variable.other.member @property)

; Types

(named_type (identifier) @type.builtin
  (#match? @type.builtin "^(str|int|float|bool|Passage|Turn)$"))
(named_type (identifier) @type
  (#not-match? @type "^(str|int|float|bool|Passage|Turn)$"))
(named_type (member
  object: (identifier) @module
  name: (identifier) @type))

; Expressions

((expression/identifier) @variable.builtin
  (#match? @variable.builtin "^(row|output|steps)$"))
((expression/identifier) @variable
  (#not-match? @variable "^(row|output|steps)$"))
(expression/member name: (identifier) @variable.other.member @property)

(call function: (identifier) @function.builtin
  (#match? @function.builtin "^(env|python)$"))
(call function: (identifier) @function.call
  (#not-match? @function.call "^(env|python)$"))
(call function: (member name: (identifier) @function.call))

(eval_declaration target: (identifier) @function)
(eval_declaration target: (member
  object: (identifier) @module
  name: (identifier) @function))
(optimize_declaration target: (identifier) @constant)
(optimize_declaration target: (member
  object: (identifier) @module
  name: (identifier) @constant))

(number) @constant.numeric @number
(true) @constant.builtin.boolean @boolean
(false) @constant.builtin.boolean @boolean
(null) @constant.builtin
(wildcard) @constant.builtin

; Texts

(string_start) @string
(string_end) @string
(string_content) @string
(template_content) @string
(escape_sequence) @constant.character.escape @string.escape

; Jinja in templates

[
  (interpolation_start)
  (interpolation_end)
  (statement_start)
  (statement_end)
] @punctuation.special

(jinja_comment) @comment
(jinja_string) @string.special
(jinja_number) @constant.numeric @number
(jinja_operator) @operator

(statement (jinja_name) @keyword.directive
  (#match? @keyword.directive "^(if|elif|else|endif|for|endfor|in|recursive|set|endset|raw|endraw|macro|endmacro|call|endcall|filter|endfilter|with|endwith|block|endblock|extends|include|import|from|as|ignore|missing|context|without|do|break|continue|and|or|not|is)$"))
(statement (jinja_name) @variable.builtin
  (#match? @variable.builtin "^(loop|true|false|none|True|False|None)$"))
(statement (jinja_name) @variable
  (#not-match? @variable "^(if|elif|else|endif|for|endfor|in|recursive|set|endset|raw|endraw|macro|endmacro|call|endcall|filter|endfilter|with|endwith|block|endblock|extends|include|import|from|as|ignore|missing|context|without|do|break|continue|and|or|not|is|loop|true|false|none|True|False|None)$"))
(interpolation (jinja_name) @keyword.operator
  (#match? @keyword.operator "^(if|else|in|and|or|not|is)$"))
(interpolation (jinja_name) @variable.builtin
  (#match? @variable.builtin "^(loop|true|false|none|True|False|None)$"))
(interpolation (jinja_name) @variable
  (#not-match? @variable "^(if|else|in|and|or|not|is|loop|true|false|none|True|False|None)$"))

; Punctuation

[
  "="
  "=>"
  "->"
  "=="
  "!="
  "<"
  "<="
  ">"
  ">="
  "|"
  "?"
] @operator

[
  "."
  ","
  ":"
] @punctuation.delimiter

[
  "("
  ")"
  "["
  "]"
  "{"
  "}"
] @punctuation.bracket
