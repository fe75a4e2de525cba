"""An upgrade and a scale-down by the chart's rules, with processes as pods: clients notice nothing."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from tests.e2e.backbones import NAMES, backbone, until_ready_says
from tests.e2e.balancer import Balancer, balancer
from tests.e2e.crowd import Crowd, crowd
from tests.helm.chart import Object, environment, find, pod, render
from tests.hubbub_cli.server import Server, serving

PEOPLE = 9
PAUSE = 0.02


@dataclass(slots=True)
class Cluster:
    """Simulates Kubernetes for the chart's objects: pods are processes, a Service is a balancer."""

    objects: list[Object]
    settings: dict[str, str]
    stack: ExitStack
    pods: list[Server] = field(default_factory=list)

    @property
    def grace(self) -> float:
        """Seconds that a pod may take to end."""
        spec = pod(self.objects)["spec"]
        return float(spec["terminationGracePeriodSeconds"])

    def start(self) -> Server:
        """Start a pod with the environment from the chart, as far as it applies to a process."""
        env = {name: value for name, value in environment(self.objects).items() if isinstance(value, str)}
        started = self.stack.enter_context(serving(**env | self.settings))
        self.pods.append(started)
        return started

    async def upgrade(self, service: Balancer) -> None:
        """Replace all pods: with maxSurge 1 and maxUnavailable 0 a new one is ready before one ends."""
        strategy = find(self.objects, "Deployment")["spec"]["strategy"]
        assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        for old in list(self.pods):
            new = await asyncio.to_thread(self.start)
            await until_ready_says(new.port, 200)
            service.add(new.port)
            await self.end(old, service)

    async def end(self, leaving: Server, service: Balancer) -> None:
        """End a pod: the Service stops routing to it (preStop waits for that), then SIGTERM."""
        service.remove(leaving.port)
        leaving.signal(signal.SIGTERM)
        assert await asyncio.to_thread(leaving.ended, self.grace) == 0
        self.pods.remove(leaving)


@pytest.fixture(params=NAMES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Install the chart with three pods."""
    broker = str(request.param)
    values = {"broker": broker, broker: {"bundled": True}, "replicaCount": 3, "stop": {"drainSeconds": 1}}
    objects = render(values)
    with backbone(broker) as (_, settings), ExitStack() as stack:
        # A pod has its own address, a process its own port, which only the text format of logs prints.
        own = {
            "HUBBUB_HOST": "127.0.0.1",
            "HUBBUB_PORT": "0",
            "HUBBUB_OPERATOR_PORT": "0",
            "HUBBUB_LOG_FORMAT": "text",
        }
        made = Cluster(objects, settings | own, stack)
        for _ in range(find(objects, "Deployment")["spec"]["replicas"]):
            made.start()
        yield made


async def all_sent_more(gathered: Crowd) -> None:
    """Wait until every client had another message acknowledged: none is stuck."""
    before = {user.name: len(user.receipts) for user in gathered.users}
    await gathered.until(lambda: all(len(p.receipts) > before[p.name] + 2 for p in gathered.users))


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_an_upgrade_and_a_scale_down_to_one_lose_and_double_nothing(cluster: Cluster) -> None:
    async with asyncio.timeout(150), balancer([each.port for each in cluster.pods]) as service:
        async with crowd(f"ws://127.0.0.1:{service.port}", PEOPLE) as gathered, asyncio.TaskGroup() as group:
            enough = asyncio.Event()
            talks = [group.create_task(user.send_until(enough, PAUSE)) for user in gathered.users]
            await all_sent_more(gathered)
            await cluster.upgrade(service)
            await all_sent_more(gathered)
            while len(cluster.pods) > 1:
                await cluster.end(cluster.pods[0], service)
            await all_sent_more(gathered)
            enough.set()
            await asyncio.wait(talks)
            said = sum(len(user.receipts) for user in gathered.users)
            await gathered.until(lambda: all(len(user.received) >= said for user in gathered.users))
        gathered.check_nothing_lost_or_duplicated()
