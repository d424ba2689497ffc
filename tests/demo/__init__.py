"""The story of a summer, told on a real control plane by the real operator, and checked at each step.

`story` says what happens, `stage` sets it up and clears it away, `facts` reads what the API server says,
`checks` compares it with what was promised, `expect` turns a difference into a sentence, `telling` prints.
"""
