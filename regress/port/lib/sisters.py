"""A program of children's that makes children for its parent."""

# Makes sisters, which are priv's children, and ends: so many that end at
# once, and so many that live until they are asked.
SISTERS = """
import ctypes, os, signal, sys, time
libc = ctypes.CDLL(None, use_errno=True)
CLONE, PARENT = (220 if os.uname().machine == "aarch64" else 56), 0x8000
for i in range(int(sys.argv[1]) + int(sys.argv[2])):
    pid = libc.syscall(CLONE, PARENT, 0, 0, 0, 0)
    if pid == -1:
        print("errno", ctypes.get_errno(), flush=True)
        os._exit(1)
    if pid == 0:
        if i < int(sys.argv[1]):
            os._exit(0)
        signal.signal(signal.SIGTERM, lambda *_: (
            os.write(1, b"asked\\n"), os._exit(0)))
        os.setsid()
        os.write(1, b"up\\n")
        while True:
            signal.pause()
if len(sys.argv) > 3:
    os.write(1, b"made\\n")
    time.sleep(1000)
os._exit(0)
"""
