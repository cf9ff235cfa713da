; What is declared inside a declaration is seen there only.

[
  (source_file)
  (prompt_declaration)
  (retriever_declaration)
  (tool_declaration)
  (agent_declaration)
  (pipeline_declaration)
  (comprehension)
] @local.scope

(model_declaration name: (identifier) @local.definition.var)
(dataset_declaration name: (identifier) @local.definition.var)
(eval_declaration name: (identifier) @local.definition.var)
(type_declaration name: (identifier) @local.definition.type)
(param_declaration name: (identifier) @local.definition.var)
(demos name: (identifier) @local.definition.var)
(parameter name: (identifier) @local.definition.parameter)
(binding name: (identifier) @local.definition.var)
(comprehension name: (identifier) @local.definition.var)

(expression/identifier) @local.reference
(call function: (identifier) @local.reference)
(named_type (identifier) @local.reference)
(eval_declaration target: (identifier) @local.reference)
(optimize_declaration target: (identifier) @local.reference)
(jinja_name) @local.reference
