" Colours of .adal files for Vim, and for a Neovim that has no parser for them (or is older than 0.11).
if exists("b:current_syntax")
  finish
endif

syntax match   adalComment /#.*$/ contains=@Spell
syntax match   adalDeclaration /^\%(import\|model\|type\|param\|prompt\|retriever\|tool\|agent\|pipeline\|dataset\|eval\|optimize\)\>/ nextgroup=adalName skipwhite
syntax match   adalDeclaration /\<\%(param\|demos\)\>\ze\s\+\w/ nextgroup=adalName skipwhite
syntax match   adalName /\w\+/ contained
syntax keyword adalFlow return repeat until for match if
syntax keyword adalWord and or not in of
syntax keyword adalType str int float bool Passage Turn
syntax keyword adalConstant true false null
syntax match   adalRole /\<\%(system\|user\|assistant\)\>\ze\s*=/
syntax match   adalNumber /\<\d\+\%(\.\d\+\)\?\>/
syntax match   adalJinja /{{.\{-}}}\|{%.\{-}%}/ contained
syntax match   adalJinjaComment /{#.\{-}#}/ contained
syntax match   adalEscape /\\./ contained
syntax region  adalLine start=/"/ end=/"\|$/ skip=/\\./ contains=adalEscape,adalJinja,adalJinjaComment,@Spell
syntax region  adalText start=/"""/ end=/"""/ contains=adalJinja,adalJinjaComment,@Spell
syntax sync minlines=200

highlight default link adalComment Comment
highlight default link adalDeclaration Keyword
highlight default link adalName Function
highlight default link adalFlow Conditional
highlight default link adalWord Operator
highlight default link adalType Type
highlight default link adalConstant Boolean
highlight default link adalRole Label
highlight default link adalNumber Number
highlight default link adalJinja Identifier
highlight default link adalJinjaComment Comment
highlight default link adalEscape SpecialChar
highlight default link adalLine String
highlight default link adalText String

let b:current_syntax = "adal"
