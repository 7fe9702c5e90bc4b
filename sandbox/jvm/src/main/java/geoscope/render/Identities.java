package geoscope.render;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/** Numbers for canonical plans: the same plan has the same number while it is remembered. */
final class Identities {
  private static final int REMEMBERED = 256;

  private record Key(LogicalPlan canonical, String settings) {}

  private static final Map<Key, Long> NUMBERS =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
          return size() > REMEMBERED;
        }
      };

  private static long last = 0;

  private Identities() {}

  /** Compared as Spark compares plans whose results it may use twice: by all they hold. */
  static synchronized long of(LogicalPlan canonical, String settings) {
    return NUMBERS.computeIfAbsent(new Key(canonical, settings), key -> ++last);
  }
}
