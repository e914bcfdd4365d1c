import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.DeflaterOutputStream;

public class Work {
    static int sizeOf(int seed) throws Exception {
        TreeMap<String, List<Integer>> found = new TreeMap<>();
        for (int i = 0; i < 50000; i++)
            found.computeIfAbsent("key " + (long) i * seed % 997, key -> new ArrayList<>()).add(i);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (DeflaterOutputStream stream = new DeflaterOutputStream(packed)) {
            stream.write(found.toString().getBytes("UTF-8"));
        }
        ByteBuffer direct = ByteBuffer.allocateDirect(1 << 20);
        direct.put(packed.toByteArray());
        return direct.position();
    }

    public static void main(String[] arguments) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(3);
        List<Future<Integer>> sizes = new ArrayList<>();
        for (int i = 3; i < 9; i++) {
            int seed = i;
            sizes.add(pool.submit((Callable<Integer>) () -> sizeOf(seed)));
        }
        for (Future<Integer> size : sizes)
            System.out.println(size.get());
        pool.shutdown();
        System.gc();
        System.exit(6);
    }
}
