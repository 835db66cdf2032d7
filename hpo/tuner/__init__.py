"""What drives a search: the tuner, its loop, the lifecycle of a trial, when it stops, confirming the best."""
