import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;

/** What the operations of the peer stand on. */
final class Checks {
  interface Run {
    void run() throws Exception;
  }

  static void same(Object found, Object wanted, String what) {
    if (!Objects.equals(found, wanted)) throw new IllegalStateException(what + ": " + found + " instead of " + wanted);
  }

  static Exception refused(Run run, String what) {
    try {
      run.run();
    } catch (Exception error) {
      return error instanceof ExecutionException ? (Exception) error.getCause() : error;
    }
    throw new IllegalStateException(what + " was not refused");
  }

  static void eventually(Callable<Boolean> holds, String what) throws Exception {
    long end = System.currentTimeMillis() + 30_000;
    while (!holds.call()) {
      if (System.currentTimeMillis() > end) throw new IllegalStateException("waited in vain: " + what);
      Thread.sleep(50);
    }
  }
}
