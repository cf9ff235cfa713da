[
  (body)
  (block)
  (settings)
  (object)
  (object_type)
  (array)
  (comprehension)
  (match)
  (parameters)
  (arguments)
  (string)
  (template)
] @fold

(comment)+ @fold
