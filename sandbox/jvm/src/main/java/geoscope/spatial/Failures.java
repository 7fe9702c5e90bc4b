package geoscope.spatial;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.TaskContext;
import scala.Option;

/** How often a function gave null because it failed, for each group of jobs. */
public final class Failures {

  private static final String GROUP = "spark.jobGroup.id";

  /** Who asks for a group's does so at its end; of those that nobody asks for, the last few. */
  private static final Cache<String, Map<String, LongAdder>> BY_GROUP =
      CacheBuilder.newBuilder().maximumSize(256).build();

  private Failures() {}

  static void count(String function) {
    String group = group();
    if (group != null) {
      Map<String, LongAdder> counts =
          BY_GROUP.asMap().computeIfAbsent(group, name -> new ConcurrentHashMap<>());
      counts.computeIfAbsent(function, name -> new LongAdder()).increment();
    }
  }

  /**
   * The counts of a group of jobs, a line each of function and count, which are then forgotten: as
   * text, because whoever asks does so after every query, and pays for each call.
   */
  public static String take(String group) {
    Map<String, LongAdder> counts = BY_GROUP.asMap().remove(group);
    return counts == null
        ? ""
        : counts.entrySet().stream().sorted(Map.Entry.comparingByKey())
            .map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining("\n"));
  }

  /** The group of the task, or of the thread that plans: constants are worked out there. */
  private static String group() {
    TaskContext task = TaskContext.get();
    if (task != null) {
      return task.getLocalProperty(GROUP);
    }
    Option<SparkContext> active = SparkContext$.MODULE$.getActive();
    return active.isEmpty() ? null : active.get().getLocalProperty(GROUP);
  }
}
