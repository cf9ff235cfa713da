"""Agents: a model that calls tools until it can answer. `loop` is the way through one run; `native` and `react` are the two
ways to talk about tools with a model; `asking` writes what the model is sent, `toolbox` reads and makes the calls; `journal` keeps what a stopped run goes on from."""
