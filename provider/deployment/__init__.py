"""What Azure would refuse of resources that are about to be made: asked before anything is written."""
