"""The parts of one service, in their order."""
