package geoscope.spatial;

import java.util.Map;
import org.apache.spark.SparkRuntimeException;
import scala.collection.immutable.Map$;

/** What must fail the query with a clear message: the user's mistake, not one row's geometry. */
final class Refusal extends RuntimeException {

  Refusal(String message) {
    super(message);
  }

  /** As Spark reports errors of a statement. */
  SparkRuntimeException toSpark() {
    scala.collection.immutable.Map<String, String> facts =
        Map$.MODULE$.from(scala.jdk.javaapi.CollectionConverters.asScala(Map.of("errorMessage", getMessage())));
    return new SparkRuntimeException(
        "USER_RAISED_EXCEPTION", facts, this, new org.apache.spark.QueryContext[0], "");
  }
}
