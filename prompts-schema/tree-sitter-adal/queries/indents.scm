; Neovim's names first, Helix's last. Zed's indents.scm is in README.md, for its names mean something else there.

[
  (body)
  (block)
  (settings)
  (object)
  (object_type)
  (match)
  (array)
  (comprehension)
  (parameters)
  (arguments)
  (parenthesized_expression)
  (parenthesized_type)
] @indent.begin @indent

[
  "}"
  "]"
  ")"
] @indent.branch @indent.end @outdent

; The lines of a text keep what was typed.
[
  (string)
  (template)
] @indent.auto
