// What watch.cpp has to see: this file stands for one of the runtime's, and uses the heap.
void* volatile somewhere;

void break_the_promise() { somewhere = new int; }
