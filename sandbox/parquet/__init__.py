"""Files of tables read without Spark, where that gives what Spark gives."""
