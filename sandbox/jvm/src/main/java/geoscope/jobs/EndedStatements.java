package geoscope.jobs;

import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;

/**
 * Cancels the jobs of statements that are over, those too that begin later: Python gave up a call
 * when it was interrupted, but the thread that serves it here still plans, and then starts a job.
 */
public final class EndedStatements extends SparkListener {
  private static final String PROPERTY = "geoscope.statement";
  private static final int REMEMBERED = 1000;
  private static final String WHY = "the statement that ran it has ended";

  private final SparkContext context;
  private final Map<Integer, String> running = new HashMap<>();
  private final Set<String> ended =
      Collections.newSetFromMap(
          new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
              return size() > REMEMBERED;
            }
          });

  private EndedStatements(SparkContext context) {
    this.context = context;
  }

  /** One that hears of every job from now on. */
  public static EndedStatements over(SparkContext context) {
    EndedStatements made = new EndedStatements(context);
    context.addSparkListener(made);
    return made;
  }

  /** What this thread does from now on belongs to that statement; its kernel says so. */
  public static void mark(String statement) {
    SparkContext.getOrCreate().setLocalProperty(PROPERTY, statement);
  }

  /** Cancel what runs of it, and what will. */
  public synchronized void end(String statement) {
    ended.add(statement);
    running.forEach(
        (job, of) -> {
          if (of.equals(statement)) {
            cancel(job);
          }
        });
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    Properties properties = start.properties();
    String statement = properties == null ? null : properties.getProperty(PROPERTY);
    if (statement == null) {
      return;
    }
    running.put(start.jobId(), statement);
    if (ended.contains(statement)) {
      cancel(start.jobId());
    }
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd end) {
    running.remove(end.jobId());
  }

  private void cancel(int job) {
    context.cancelJob(job, WHY);
  }
}
