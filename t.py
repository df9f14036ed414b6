import sys
from relay.bench import viewers
print(viewers.bench([int(a) for a in sys.argv[2:]], seconds=float(sys.argv[1])).show())
