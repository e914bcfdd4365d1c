package main

/*
#include <stdlib.h>
#include <string.h>

static void *filled(size_t size, int byte)
{
    char *block = malloc(size);
    memset(block, byte, size);
    return block;
}
*/
import "C"

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"time"
	"unsafe"
)

func blocks(count int) int {
	sum := 0
	for i := 0; i < count; i++ {
		block := C.filled(C.size_t(16+i%900), C.int(i))
		bytes := C.GoBytes(block, C.int(16+i%900))
		sum += int(bytes[0])
		C.free(unsafe.Pointer(block))
	}
	return sum
}

func main() {
	var together sync.WaitGroup
	sums := make([]int, 8)
	for i := range sums {
		together.Add(1)
		go func(i int) { defer together.Done(); sums[i] = blocks(4000 + i) }(i)
	}
	together.Wait()
	fmt.Println(sums)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.URL.Path, " ", blocks(100))
	}))
	answer, err := http.Get(server.URL + "/asked")
	if err != nil {
		panic(err)
	}
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(string(text))
	server.Close()
	time.Sleep(time.Second)
	os.Exit(7)
}
