"""The tests; a package, so that benchmarks find the stage that they share with the stories."""
