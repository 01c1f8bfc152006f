" SPDX-License-Identifier: MIT
" Colours of Modelfiles where the server's semantic tokens are not shown (before Neovim 0.9).
if exists('b:current_syntax')
  finish
endif
syntax case ignore
syntax region modelfileText start=/"""/ end=/"""/ contains=modelfileTemplate
syntax region modelfileText start=/"\%(""\)\@!/ skip=/\\"/ end=/"/ oneline contains=modelfileTemplate
syntax region modelfileTemplate start=/{{/ end=/}}/ contained containedin=modelfileText
syntax match modelfileComment /^\s*#.*$/
syntax match modelfileInstruction /^\s*\%(FROM\|PARAMETER\|TEMPLATE\|SYSTEM\|ADAPTER\|LICENSE\|MESSAGE\|RENDERER\|PARSER\|REQUIRES\|DRAFT\)\>/ nextgroup=modelfileKey skipwhite
syntax match modelfileKey /\<\%(num_ctx\|num_predict\|temperature\|top_k\|top_p\|min_p\|seed\|stop\|repeat_penalty\|repeat_last_n\|user\|assistant\|system\)\>/ contained
highlight default link modelfileComment Comment
highlight default link modelfileInstruction Keyword
highlight default link modelfileKey Identifier
highlight default link modelfileText String
highlight default link modelfileTemplate PreProc
let b:current_syntax = 'modelfile'
