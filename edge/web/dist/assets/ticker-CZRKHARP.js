var e=self;e.onmessage=({data:{id:s,ms:o}})=>{setTimeout(()=>e.postMessage(s),o)};
