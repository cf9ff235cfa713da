"""Complaints about Opik's optimizer."""

from adalang.optimizer.loop import optimise
from adalang.optimizer.settings import Settings
from tests.complaints import complaint
from tests.optimizer.world import World


@complaint("opik#5570")
async def test_a_noisy_metric_does_not_stall_the_search():
    """A seventh of all verdicts is wrong, anew for each sample: changes that help get through, and the claim holds."""
    outcome = await optimise(World(train=120, val=120, test=160, noise=0.15), Settings())
    assert outcome.kind == "proposal"
    assert outcome.evidence.low > 0 and outcome.evidence.after - outcome.evidence.before > 0.25
