; Notes such as TODO inside comments. The text of a prompt is left alone: it is not the syntax of any one language.
((comment) @injection.content
  (#set! injection.language "comment"))
