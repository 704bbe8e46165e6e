"""The pure scheduler: `Scheduler.handle(events) -> Step(instructions, facts)`.

Law: standard library only, and none of it that can wait, measure, draw lots or touch the outside
(no zmq, asyncio, threading, time, random, os, socket, subprocess, logging). Time arrives with the events.
"""
