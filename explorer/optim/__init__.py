"""The methods: Scion and the baselines it is compared with."""
