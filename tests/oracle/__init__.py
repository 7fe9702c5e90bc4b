"""The comparison of our SQL++ with the original, AsterixDB, over the cases in tests/cases/sqlpp."""
