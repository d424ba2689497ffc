"""The story of a summer, told on a real cluster by the real operator, and checked at each step.

`story` says what happens, `embedded` and `on_kind` say where, `stage` shows it, `facts` reads what the API
server says, `checks` compares it with what was promised, `expect` turns a difference into a sentence,
`telling` prints.
"""
