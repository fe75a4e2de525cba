"""Who is where, on all nodes: a fact of nodes, told as signals (design: "presence without a store").

Each node tells the others which users its own connections bring into a room (`Topic`), keeps what each of the
others told (`Peer`), and lets go of all that a node told when that node falls silent (`Cluster`).
"""

from __future__ import annotations

from service.presence.cluster import Cluster
from service.presence.roster import Changes, Roster
from service.presence.topic import Topic

__all__ = ["Changes", "Cluster", "Roster", "Topic"]
